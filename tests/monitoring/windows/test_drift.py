"""Tests of drift that can be believed, and their false alarms and power in a short simulation."""

import numpy as np
import pytest
from scipy import stats

from monitoring.windows import drift
from monitoring.windows.verdict import ScoredFigures, judge_scored
from tests.monitoring.support import cohort, simulation


def test_chi_square_equals_scipys_on_the_same_table() -> None:
    """GIVEN two samples WHEN tested THEN the p value is that of the 2 x k contingency table."""
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 4, 500), rng.integers(0, 4, 120)
    table = [[(x == k).sum() for k in range(4)] for x in (a, b)]
    assert drift.chi_square(a, b) == pytest.approx(
        stats.chi2_contingency(table, correction=False)[1]
    )


@pytest.mark.parametrize("current", [np.zeros(50), np.zeros(0)])
def test_nothing_to_compare_is_no_drift(current: np.ndarray) -> None:
    """GIVEN one category on both sides, or no rows WHEN tested THEN p is 1."""
    assert drift.chi_square(np.zeros(100), current) == 1.0


def test_a_new_category_is_drift_and_does_not_break_the_test() -> None:
    """GIVEN a category the reference never had WHEN tested THEN p is tiny."""
    assert drift.chi_square(np.zeros(1000), np.r_[np.zeros(100), np.ones(100)]) < 1e-10


def test_large_windows_need_an_effect_too() -> None:
    """GIVEN a tiny p WHEN the window is small, large, and large with an effect THEN yes, no, yes."""
    column = "Absences"
    assert drift.is_drifted(column, 1e-9, 0.02, 200)
    assert not drift.is_drifted(column, 1e-9, 0.02, 5000)
    assert drift.is_drifted(column, 1e-9, 0.2, 5000)


def _frame(rows: int, seed: int, **arguments: float) -> dict[str, np.ndarray]:
    frame = cohort.students(rows, seed, **arguments)
    mean = cohort.expected_gpa(frame)
    frame["GradeClass"] = cohort.probabilities(mean).argmax(axis=1)
    return {column: frame[column].to_numpy() for column in drift.COLUMNS}


def test_no_shift_does_not_alarm_and_the_shift_does() -> None:
    """GIVEN 200 windows without and 40 with the shift, seeded, WHEN judged in order
    THEN no alarm among the first and an alarm in the first two of every shifted pair."""
    reference = _frame(1674, 1)
    quiet = [_frame(200, 10_000 + k) for k in range(200)]
    assert simulation.alarms(reference, quiet) == 0
    for k in range(20):
        pair = [_frame(200, 50_000 + 2 * k + i, shifted=True) for i in range(2)]
        assert simulation.alarms(reference, pair) >= 1


def test_the_simulation_judges_as_the_verdict_does() -> None:
    """GIVEN a shifted window WHEN simulated and judged THEN both say alarm."""
    reference, current = _frame(1674, 1), _frame(200, 7, shifted=True)
    drifted = simulation.drifted(reference, current)
    figures = ScoredFigures(200, {column: (1e-9, 0.5) for column in drifted})
    assert judge_scored(figures, 100).level == "alarm"
