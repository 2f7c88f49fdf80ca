"""Scores agree with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.scores import all_scores, expected_calibration_error, f1_by_grade, log_loss

ANSWERS = st.integers(5, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4), min_size=n, max_size=n), st.integers(0, 2**32 - 1)
    )
)


@settings(deadline=None)
@given(ANSWERS)
def test_scores_agree_with_scikit_learn(case: tuple[list[int], int]) -> None:
    """The vectorised scores are the textbook's."""
    from sklearn import metrics as reference  # pylint: disable=import-outside-toplevel

    grades = np.array(case[0])
    answers = np.random.default_rng(case[1]).dirichlet(np.ones(5), len(grades))
    predicted = answers.argmax(axis=1)
    expected = reference.f1_score(grades, predicted, labels=range(5), average=None, zero_division=0)
    np.testing.assert_allclose(f1_by_grade(grades, predicted), expected)
    expected_loss = reference.log_loss(grades, answers, labels=range(5))
    assert log_loss(grades, answers) == pytest.approx(expected_loss)
    assert 0 <= expected_calibration_error(grades, answers) <= 1


def test_calibration_error_of_known_answers() -> None:
    """All certain and half right is an error of one half."""
    answers = np.tile([1.0, 0, 0, 0, 0], (10, 1))
    grades = np.array([0] * 5 + [4] * 5)
    assert expected_calibration_error(grades, answers) == pytest.approx(0.5)
    assert all_scores(grades, answers)["ordinal_error"] == pytest.approx(2.0)
