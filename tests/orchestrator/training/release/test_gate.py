"""The promotion gate: a pure function, each verdict with its words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.ceiling import bayes_probabilities
from orchestrator.training.evaluation.fairness import Gap
from orchestrator.training.models.parity import Parity
from orchestrator.training.release.gate import Comparison, Evidence, compare, decide

FAIR = Gap("Gender", "accuracy", 1, 0.05, -0.01, 0.2, 0.2)
GOOD = Evidence(
    challenger="gpa_gaussian",
    rows_name="validation",
    rows=359,
    f1=0.65,
    parity=Parity(2392, 0, 2e-7, 3e-7),
    gaps=(FAIR,),
)
PAIR = Comparison(359, 0.65, 0.66, 0.66, 0.66, 0.02, 0.01)


def against(**changes: float) -> Evidence:
    """Evidence with a champion, the comparison changed."""
    return replace(GOOD, champion="6", comparison=replace(PAIR, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("evidence", "promoted", "words"),
    [
        (GOOD, True, "no champion yet"),
        (against(), True, "Not worse"),
        (against(f1=0.66, f1_error=0.0), True, "A tie"),
        (against(f1=0.70), True, "Not worse"),
        (against(f1=0.60), False, "Worse by more than a standard error"),
        (against(log_loss=0.70), False, "log-loss 0.700 is worse than 0.660 of version 6"),
        (against(log_loss=0.669), True, "no worse than 0.660 of version 6 (difference +0.009"),
        (against(log_loss=0.671), False, "is worse than 0.660 of version 6 (difference +0.011"),
        (
            against(log_loss=0.662, log_loss_error=0.0),
            False,
            "(difference +0.002, accepted up to 0.001)",
        ),
        (replace(GOOD, f1=0.49), False, "misses the floor"),
        (replace(GOOD, parity=Parity(2392, 1, 0.0, 0.0)), False, "1 class flips"),
        (replace(GOOD, champion_problem="its file is damaged"), True, "cannot be compared"),
        (replace(GOOD, gaps=()), False, "audit is missing"),
        (
            replace(GOOD, gaps=(FAIR, replace(FAIR, gap=0.3, low=0.11, high=0.5))),
            False,
            "Unfair: accuracy of Gender group 1",
        ),
    ],
)
def test_verdicts(evidence: Evidence, promoted: bool, words: str) -> None:
    """Each rule promotes or refuses, and says so."""
    verdict = decide(evidence)
    assert verdict.promoted is promoted
    assert any(words in reason for reason in verdict.reasons)
    assert ("**PROMOTED**" if promoted else "**REFUSED**") in verdict.describe()


def test_every_reason_is_given() -> None:
    """A challenger with three faults hears of all three."""
    verdict = decide(replace(against(f1=0.3, log_loss=2.0), f1=0.3))
    assert sum("orse" in reason or "misses" in reason for reason in verdict.reasons) == 3


def test_comparison_is_paired() -> None:
    """The same answers differ by nothing, with no error; better answers by more than nothing."""
    students = Students.from_frame(simulate_students(800, seed=1))
    good = bayes_probabilities(students.features, 0.09)
    same = compare(students.grades, good, good, seed=1)
    assert (same.f1 - same.champion_f1, same.f1_error) == (0.0, 0.0)
    poor = good[np.random.default_rng(0).permutation(len(good))]
    better = compare(students.grades, good, poor, seed=1)
    assert better.f1 - better.champion_f1 > 5 * better.f1_error > 0
    assert compare(students.grades, good, poor, seed=1) == better
