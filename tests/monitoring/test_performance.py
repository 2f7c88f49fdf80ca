"""Measured and estimated performance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from monitoring.windows import performance

CLASSES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=80)


@given(CLASSES)
def test_f1_macro_equals_scikit_learns_over_five_classes(pairs: list[tuple[int, int]]) -> None:
    """GIVEN any truth and prediction WHEN scored THEN the value scikit-learn gives for all five."""
    truth, predicted = np.array(pairs).T
    expected = metrics.f1_score(truth, predicted, labels=range(5), average="macro", zero_division=0)
    assert performance.f1_macro(truth, predicted) == pytest.approx(expected)


@given(CLASSES)
def test_certain_probabilities_estimate_what_is_measured(pairs: list[tuple[int, int]]) -> None:
    """GIVEN probabilities that are 1 at the truth WHEN estimated THEN exactly the measured scores."""
    truth, predicted = np.array(pairs).T
    found = performance.estimate(np.eye(5)[truth], predicted)
    assert found["estimated_f1_macro"] == pytest.approx(performance.f1_macro(truth, predicted))
    assert found["estimated_accuracy"] == pytest.approx((truth == predicted).mean())
    assert found["estimated_log_loss"] == pytest.approx(0)


@pytest.mark.parametrize(
    ("rows", "sd"),
    [(1, 0.183), (15, 0.183), (50, 0.095), (200, 0.048), (500, 0.031), (2000, 0.0155)],
)
def test_the_band_is_the_measured_one(rows: int, sd: float) -> None:
    """GIVEN a number of labels WHEN its sd is asked THEN the measured point, 1/sqrt(n) beyond."""
    assert performance.f1_sd(rows) == pytest.approx(sd)


@given(st.integers(1, 5000))
def test_more_labels_never_widen_the_band(rows: int) -> None:
    """GIVEN any number of labels WHEN one is added THEN the sd does not grow."""
    assert performance.f1_sd(rows + 1) <= performance.f1_sd(rows)


def test_calibration_error_of_a_calibrated_and_an_overconfident_model() -> None:
    """GIVEN top probabilities of .8 WHEN 80 % and when 40 % are right THEN errors 0 and .4."""
    shares = np.tile([0.8, 0.05, 0.05, 0.05, 0.05], (100, 1))
    right = np.r_[np.zeros(80), np.ones(20)].astype(int)
    assert performance.calibration_error(shares, right) == pytest.approx(0, abs=1e-9)
    half = np.r_[np.zeros(40), np.ones(60)].astype(int)
    assert performance.calibration_error(shares, half) == pytest.approx(0.4)
