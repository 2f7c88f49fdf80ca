"""Paired differences of two models, and what they show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contract.scores import f1_by_grade
from orchestrator.training.release.comparison import Difference, compare
from tests.orchestrator.support.retrainings import BIASED, TRUTH, held_out

STUDENTS = held_out(359, seed=3)
GOOD, POOR = TRUTH.answer(STUDENTS.features), BIASED.answer(STUDENTS.features)


def test_the_same_answers_differ_by_nothing() -> None:
    """GIVEN one model twice WHEN compared THEN the same, no gain, and not worse."""
    same = compare(STUDENTS, GOOD, GOOD, seed=1)
    assert (same.f1_gain, same.log_loss_gain) == (Difference(0.0, 0.0), Difference(0.0, 0.0))
    assert same.same and same.not_worse and not same.gained


def test_a_difference_is_seen_from_both_sides() -> None:
    """GIVEN a better model WHEN compared THEN a gain one way, perhaps worse the other."""
    better, worse = compare(STUDENTS, GOOD, POOR, 1), compare(STUDENTS, POOR, GOOD, 1)
    assert better.gained and better.not_worse and not better.same
    assert not worse.gained and not worse.not_worse
    assert better.f1_gain.gain == pytest.approx(-worse.f1_gain.gain)
    assert compare(STUDENTS, GOOD, POOR, 1) == better


def test_without_gpa_the_grades_as_given_count() -> None:
    """GIVEN grades only WHEN compared THEN no GPA gain, and another f1 than on clean grades."""
    blind = replace(STUDENTS, gpa=np.full(len(STUDENTS), np.nan))
    pair = compare(blind, GOOD, POOR, 1)
    assert pair.gpa_gain is None and pair.gpa_rows == 0 and "GPA unknown" in pair.describe()
    assert pair.f1 < compare(STUDENTS, GOOD, POOR, 1).f1


def test_the_error_of_f1_is_the_bootstrap_over_students() -> None:
    """GIVEN rows drawn one by one WHEN the spread is taken THEN as the counts' draw has it."""
    generator = np.random.default_rng(0)
    grades, ours, theirs = STUDENTS.clean_grades, GOOD[0].argmax(axis=1), POOR[0].argmax(axis=1)
    draws = []
    for _ in range(500):
        rows = generator.integers(0, len(grades), len(grades))
        gain = f1_by_grade(grades[rows], ours[rows]) - f1_by_grade(grades[rows], theirs[rows])
        draws.append(gain.mean())
    error = compare(STUDENTS, GOOD, POOR, 1).f1_gain.error
    assert error == pytest.approx(np.std(draws, ddof=1), rel=0.2)


@pytest.mark.parametrize(
    ("gain", "error", "shown", "bounded"),
    [
        (0.0, 0.0, False, True),
        (0.02, 0.01, True, True),
        (0.019, 0.01, False, True),
        (0.0, 0.006, False, True),
        (0.0, 0.007, False, False),
        (-0.011, 0.0, False, False),
    ],
)
def test_bounds(gain: float, error: float, shown: bool, bounded: bool) -> None:
    """GIVEN a difference WHEN asked THEN 1.96 errors show a gain, 1.645 bound a loss."""
    difference = Difference(gain, error)
    assert (difference.shown, difference.bounded(0.01)) == (shown, bounded)
