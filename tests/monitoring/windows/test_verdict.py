"""Verdicts are a pure function of figures, with reasons in words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.grades import GRADES
from monitoring.windows.drift import COLUMNS
from monitoring.windows.verdict import (
    LabelledFigures,
    Quality,
    ScoredFigures,
    judge_labelled,
    judge_scored,
)

P = (1e-9, 0.4)


@pytest.mark.parametrize(
    ("figures", "level", "words"),
    [
        (ScoredFigures(99), "insufficient", "99 scored rows at the time limit, 100 are needed"),
        (ScoredFigures(200), "ok", "no column has drifted in 200 rows"),
        (ScoredFigures(200, {"Sports": P}), "warn", "Sports has drifted (p = 1e-09, effect 0.40)"),
        (ScoredFigures(200, {"Sports": P}, ["Music"]), "warn", "Sports has drifted"),
        (
            ScoredFigures(200, {"Sports": P}, ["Sports"]),
            "alarm",
            "Sports has drifted in two windows",
        ),
        (ScoredFigures(200, {"Sports": P, "Music": P}), "alarm", "2 of 10 columns have drifted"),
        (ScoredFigures(200, {"GradeClass": P}), "warn", "predicted grade has drifted"),
        (ScoredFigures(200, no_reference="none"), "insufficient", "none"),
        (ScoredFigures(200, quality=Quality({"not_json": 30}, 30)), "warn", "13% of 230 records"),
        (ScoredFigures(200, quality=Quality({}, 0, {"Absences": 0.2})), "warn", "20% of Absences"),
    ],
)
def test_scored_windows(figures: ScoredFigures, level: str, words: str) -> None:
    """GIVEN figures WHEN judged THEN the level, and the first reason in words."""
    judged = judge_scored(figures, 100)
    assert judged.level == level
    assert judged.reasons[0].startswith(words)


@pytest.mark.parametrize(
    ("f1", "below", "rows", "level"),
    [
        (0.66, False, 200, "ok"),
        (0.40, False, 200, "warn"),
        (0.40, True, 200, "alarm"),
        (0.40, True, 199, "insufficient"),
        (0.66, True, 200, "ok"),
    ],
)
def test_labelled_windows(f1: float, below: bool, rows: int, level: str) -> None:
    """GIVEN f1-macro against a floor of .5 WHEN judged THEN two windows running make an alarm."""
    assert judge_labelled(LabelledFigures(rows, f1, 0.5, 0.66, below)).level == level


def test_a_drifted_target_warns() -> None:
    """GIVEN a good f1 and another mix of true grades WHEN judged THEN warn."""
    judged = judge_labelled(LabelledFigures(200, 0.66, 0.5, 0.66, False, 1e-9))
    assert (judged.level, judged.reasons) == ("warn", ("the mix of true grades (A-F) has drifted",))
    assert GRADES[0] in judged.reasons[0]


@given(
    st.integers(0, 3000),
    st.sets(st.sampled_from(COLUMNS)),
    st.sets(st.sampled_from(COLUMNS)),
    st.integers(0, 100),
)
def test_every_verdict_has_a_level_and_a_reason(
    rows: int, drifted: set[str], previous: set[str], rejected: int
) -> None:
    """GIVEN any figures WHEN judged THEN one of four levels and at least one reason; an alarm only
    with two columns or a repeated one."""
    figures = ScoredFigures(
        rows, dict.fromkeys(drifted, P), sorted(previous), Quality({"not_json": rejected}, rejected)
    )
    judged: Any = judge_scored(figures, 100)
    assert judged.level in ("insufficient", "ok", "warn", "alarm")
    assert judged.reasons and all(judged.reasons)
    due = rows >= 100 and (len(drifted) >= 2 or bool(drifted & previous))
    assert (judged.level == "alarm") == due
