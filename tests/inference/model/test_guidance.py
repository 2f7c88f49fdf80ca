"""Guidance: what the served model says about one change of each lever."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.features import FEATURE_NAMES, FEATURES
from inference.model.guidance import LEVERS, advise
from inference.model.predictor import Predictions, Predictor
from inference.stream.answers import Advice
from tests.inference.support import factory
from tests.inference.support.kinesis import VALUES

ROWS = st.lists(
    st.tuples(
        *(
            st.integers(f.minimum, f.maximum) if f.whole else st.floats(f.minimum, f.maximum)
            for f in FEATURES
        )
    ),
    min_size=1,
    max_size=20,
)


def one_by_one(predictor: Predictor, row: tuple[float, ...], grade: int) -> list[Advice]:
    """Return the guidance of one row of that predicted grade the slow, obvious way."""
    now = predictor.predict([row])
    found = []
    for lever in LEVERS:
        column = FEATURE_NAMES.index(lever.feature)
        feature = FEATURES[column]
        end = min(max(row[column] + lever.step, feature.minimum), feature.maximum)
        if end == row[column]:
            continue
        changed = list(row)
        changed[column] = end
        then = predictor.predict([changed])
        gain = float(then.gpa[0] - now.gpa[0])
        better = float((then.probabilities - now.probabilities)[0, :grade].sum())
        found.append(Advice(lever.feature, row[column], end, gain, better))
    return found


def whole_year(predictor: Predictor, rows: npt.ArrayLike, now: Predictions) -> list[list[Advice]]:
    """Return the advice to students at the end of a year."""
    matrix = np.array(rows, dtype=np.float64)
    return advise(lambda changed, _: predictor.predict(changed), matrix, now, np.ones(len(matrix)))


def test_in_mid_year_past_absences_are_no_lever() -> None:
    """Each row is asked about with its own share of the year; absences so far stay."""
    predictor, asked = factory.predictor(), []

    def predict(rows: npt.NDArray[np.float64], elapsed: npt.NDArray[np.float64]) -> Predictions:
        asked.append(elapsed)
        return predictor.predict(rows)

    rows = np.array([VALUES, VALUES], dtype=np.float64)
    middle, end = advise(predict, rows, predictor.predict(rows), np.array([0.5, 1.0]))
    assert {one.feature for one in end} - {one.feature for one in middle} == {"Absences"}
    assert asked[0].tolist() == [0.5] * len(middle) + [1.0] * len(end)


@given(rows=ROWS)
@settings(max_examples=60, deadline=None)
def test_vectorised_equals_one_by_one(rows: list[tuple[float, ...]]) -> None:
    """For any batch: the same levers with the same effects, largest gain first."""
    predictor = factory.predictor()
    matrix = np.array(rows, dtype=np.float64)
    now = predictor.predict(matrix)
    advice = whole_year(predictor, matrix, now)
    assert len(advice) == len(rows)
    # Between two grades the last bit decides, and that may differ for one row and for many.
    grades = now.probabilities.argmax(axis=1).tolist()
    for said, row, grade in zip(advice, rows, grades, strict=True):
        expected = {one.feature: one for one in one_by_one(predictor, row, grade)}
        assert {one.feature for one in said} == set(expected)
        for one in said:
            wanted = expected[one.feature]
            assert (one.start, one.end) == (wanted.start, wanted.end)
            assert one.gpa_change == pytest.approx(wanted.gpa_change, abs=1e-4)
            assert one.better_grade_probability_change == pytest.approx(
                wanted.better_grade_probability_change, abs=1e-5
            )
        gains = [one.gpa_change for one in said]
        assert gains == sorted(gains, reverse=True)


def test_levers_at_their_end_are_left_out(predictor: Predictor) -> None:
    """Who has no absences, all flags and the most support gets study time only."""
    best = np.array([[4, 10, 0, 1, 4, 1, 1, 1, 1]], dtype=np.float64)
    assert [one.feature for one in whole_year(predictor, best, predictor.predict(best))[0]] == [
        "StudyTimeWeekly"
    ]
    done = np.array([[4, 168, 0, 1, 4, 1, 1, 1, 1]], dtype=np.float64)
    assert whole_year(predictor, done, predictor.predict(done)) == [[]]


def test_steps_stop_at_the_range(predictor: Predictor) -> None:
    """Three absences can only become none; 165 hours only 168."""
    row = np.array([[0, 165, 3, 1, 4, 1, 1, 1, 1]], dtype=np.float64)
    said = {one.feature: one for one in whole_year(predictor, row, predictor.predict(row))[0]}
    assert (said["Absences"].start, said["Absences"].end) == (3, 0)
    assert (said["StudyTimeWeekly"].start, said["StudyTimeWeekly"].end) == (165.0, 168.0)
    assert isinstance(said["Absences"].end, int)


def test_the_largest_gain_comes_first(predictor: Predictor) -> None:
    """By the formula: five absences fewer give .5, tutoring .25."""
    row = np.array([VALUES], dtype=np.float64)
    said = whole_year(predictor, row, predictor.predict(row))[0]
    assert (said[0].feature, said[0].gpa_change) == ("Absences", 0.5)
    assert said[0].better_grade_probability_change > 0.5
    assert said[-1] == Advice("Volunteering", 0, 1, 0.0, 0.0)


def test_the_best_grade_cannot_become_better(predictor: Predictor) -> None:
    """For an A no lever changes the probability of a better grade."""
    row = np.array([[2, 20, 0, 1, 3, 1, 1, 0, 0]], dtype=np.float64)
    now = predictor.predict(row)
    assert now.probabilities[0].argmax() == 0
    assert {one.better_grade_probability_change for one in whole_year(predictor, row, now)[0]} == {
        0.0
    }


def test_nobody_asked(predictor: Predictor) -> None:
    """No rows, no advice."""
    none = np.empty((0, 9))
    assert not whole_year(predictor, none, predictor.predict(none))
