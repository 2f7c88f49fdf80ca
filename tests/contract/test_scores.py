"""The scores training and monitoring share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from contract import scores

CLASSES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=80)


@given(CLASSES)
def test_f1_equals_scikit_learns_over_five_grades(pairs: list[tuple[int, int]]) -> None:
    """GIVEN any truth and prediction WHEN scored THEN the values scikit-learn gives for all five."""
    truth, predicted = np.array(pairs).T
    expected = metrics.f1_score(truth, predicted, labels=range(5), average=None, zero_division=0)
    assert scores.f1_by_grade(truth, predicted) == pytest.approx(expected)


def test_the_logarithm_is_clipped_once() -> None:
    """GIVEN a right answer and an impossible one WHEN scored THEN the loss of the one clip."""
    shares = np.eye(5)[[0, 0]]
    assert scores.log_loss(np.array([0, 1]), shares) == pytest.approx(-np.log(1e-15) / 2)


def test_calibration_error_of_a_calibrated_and_an_overconfident_model() -> None:
    """GIVEN top probabilities of .8 WHEN 80 % and when 40 % are right THEN errors 0 and .4."""
    shares = np.tile([0.8, 0.05, 0.05, 0.05, 0.05], (100, 1))
    right = np.r_[np.zeros(80), np.ones(20)].astype(int)
    assert scores.expected_calibration_error(right, shares) == pytest.approx(0, abs=1e-9)
    half = np.r_[np.zeros(40), np.ones(60)].astype(int)
    assert scores.expected_calibration_error(half, shares) == pytest.approx(0.4)


def test_noise_is_mixed_in_for_scoring_alone() -> None:
    """GIVEN certain answers and a tenth of random labels THEN both grades have their chance."""
    grades = np.array([0, 3], dtype=np.int64)
    sure = np.eye(5)[[0, 0]]
    np.testing.assert_allclose(
        scores.row_log_loss(grades, sure, 0.1), -np.log([0.9 + 0.02, 0.02]), rtol=1e-12
    )
    by_row = scores.row_log_loss(grades, sure, np.array([0.0, 0.1]))
    np.testing.assert_allclose(by_row, [0.0, -np.log(0.02)], rtol=1e-12)
    plain, noisy = scores.all_scores(grades, sure), scores.all_scores(grades, sure, 0.1)
    assert plain["f1_macro"] == noisy["f1_macro"] and plain["log_loss"] > noisy["log_loss"]
    assert len(sure) == len(scores.with_noise(sure, 0.1))
