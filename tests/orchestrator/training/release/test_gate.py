"""The promotion gate: a pure function, each verdict with its words, and what a year of it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.training.models.parity import Parity
from orchestrator.training.release.comparison import Comparison, Difference
from orchestrator.training.release.gate import Evidence, Standing, decide
from tests.orchestrator.support.retrainings import (
    BIASED,
    CREDIBLE,
    FAIR,
    TRUTH,
    loss_after,
    share_taken,
)

GOOD = Evidence(
    challenger="gpa_gaussian",
    rows_name="test",
    floor_name="validation",
    rows=359,
    f1=0.65,
    parity=Parity(2392, 0, 2e-7, 3e-7),
    gaps=(FAIR,),
    credibility=CREDIBLE,
    nonsense=[],
)
EVEN = Comparison(
    rows=359,
    f1=0.65,
    standing_f1=0.65,
    f1_gain=Difference(0.0, 0.005),
    log_loss=0.66,
    standing_log_loss=0.66,
    log_loss_gain=Difference(0.0, 0.002),
    gpa_rows=359,
    gpa_gain=Difference(0.0, 0.001),
    flips=3,
    largest=0.1,
)
BETTER = replace(EVEN, log_loss_gain=Difference(0.01, 0.004))
UNSURE = replace(EVEN, f1_gain=Difference(0.0, 0.025))


def against(pair: Comparison = EVEN, anchor: Comparison | None = None, **changes: Any) -> Evidence:
    """Evidence with a champion and perhaps another version that is the best ever."""
    best = None if anchor is None else Standing("4", anchor)
    return replace(GOOD, champion=Standing("6", pair), anchor=best, **changes)


@pytest.mark.parametrize(
    ("evidence", "decision", "words"),
    [
        (GOOD, "promoted", "no champion yet"),
        (against(), "refused", "No gain over version 6 is shown"),
        (against(drift=True), "promoted", "a drift is open and asks for none"),
        (against(UNSURE, drift=True), "refused", "Perhaps worse than version 6"),
        (against(BETTER), "promoted", "A gain over version 6"),
        (against(replace(EVEN, gpa_gain=Difference(0.01, 0.004))), "promoted", "A gain over"),
        (against(replace(EVEN, gpa_gain=None)), "refused", "GPA unknown"),
        (against(replace(BETTER, f1_gain=Difference(-0.009, 0.025))), "promoted", "as measured"),
        (against(replace(BETTER, f1_gain=Difference(-0.011, 0.025))), "refused", "Perhaps worse"),
        (
            against(
                replace(
                    EVEN,
                    gpa_gain=Difference(0.01, 0.004),
                    log_loss_gain=Difference(-0.006, 0.01),
                )
            ),
            "refused",
            "Perhaps worse",
        ),
        (against(BETTER, EVEN), "promoted", "Not worse than version 4, the best ever"),
        (against(BETTER, UNSURE), "refused", "Perhaps worse than version 4, the best ever"),
        (against(EVEN, UNSURE, drift=True), "refused", "Perhaps worse than version 4"),
        (
            replace(against(BETTER), anchor=Standing("4", None, "version 4 is incomplete")),
            "promoted",
            "cannot be compared with version 4, the best ever: version 4 is incomplete",
        ),
        (against(replace(EVEN, flips=0, largest=1e-4)), "unchanged", "version 6 gives the same"),
        (against(replace(EVEN, flips=0, largest=1e-4), gaps=()), "refused", "audit is missing"),
        (against(replace(EVEN, flips=1, largest=1e-4)), "refused", "No gain"),
        (replace(GOOD, f1=0.49), "refused", "misses the floor"),
        (replace(GOOD, parity=Parity(2392, 1, 0.0, 0.0)), "refused", "1 class flips"),
        (
            replace(GOOD, champion=Standing(None, None, "its file is damaged")),
            "promoted",
            "cannot be compared: its file is damaged",
        ),
        (
            replace(GOOD, credibility=replace(CREDIBLE, accuracy=0.9)),
            "refused",
            "Too good to be true, is there a leak? Accuracy 0.900",
        ),
        (replace(GOOD, nonsense=["Oh."]), "refused", "Against plain sense: Oh."),
        (replace(GOOD, gaps=()), "refused", "audit is missing"),
        (
            replace(GOOD, gaps=(FAIR, replace(FAIR, gap=0.3, low=0.11, high=0.5))),
            "refused",
            "Unfair: accuracy of Gender group 1",
        ),
    ],
)
def test_verdicts(evidence: Evidence, decision: str, words: str) -> None:
    """Each rule promotes or refuses, and says so."""
    verdict = decide(evidence)
    assert (verdict.decision, verdict.promoted) == (decision, decision == "promoted")
    assert any(words in reason for reason in verdict.reasons)
    assert f"**{decision.upper()}**" in verdict.describe()


@pytest.mark.parametrize(
    ("evidence", "best"),
    [
        (GOOD, True),
        (against(BETTER), True),
        (against(drift=True), False),
        (against(BETTER, EVEN), False),
        (against(BETTER, BETTER), True),
        (against(), False),
    ],
)
def test_the_best_ever_is_only_replaced_by_a_gain_on_it(evidence: Evidence, best: bool) -> None:
    """A version promoted for a drift, or for a gain on a lesser champion, is no new anchor."""
    assert decide(evidence).best_ever is best


def test_every_reason_is_given() -> None:
    """A challenger with three faults hears of all three."""
    verdict = decide(replace(against(UNSURE), f1=0.3))
    words = ("No gain", "Perhaps worse", "misses")
    assert all(any(word in reason for reason in verdict.reasons) for word in words)


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("drift", [False, True])
def test_a_year_of_retraining_does_not_wear_the_model_down(fresh: bool, drift: bool) -> None:
    """GIVEN no true gain WHEN retrained 52 times THEN what serves stays within .01 of the best."""
    assert loss_after(52, 160, 11, fresh, drift) <= 0.01


def test_a_true_gain_is_taken() -> None:
    """GIVEN a challenger truly better by .03 WHEN judged on 359 students THEN mostly taken."""
    assert share_taken(40, 359, TRUTH, BIASED) >= 0.8
    assert share_taken(40, 359, BIASED, TRUTH) == 0.0
