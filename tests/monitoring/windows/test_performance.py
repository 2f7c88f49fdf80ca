"""Measured and estimated performance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.scores import f1_by_grade
from monitoring.windows import performance

CLASSES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=80)


@given(CLASSES)
def test_certain_probabilities_estimate_what_is_measured(pairs: list[tuple[int, int]]) -> None:
    """GIVEN probabilities that are 1 at the truth WHEN estimated THEN exactly the measured scores."""
    truth, predicted = np.array(pairs).T
    estimated = performance.estimate(np.eye(5)[truth], predicted)
    assert estimated["estimated_f1_macro"] == pytest.approx(f1_by_grade(truth, predicted).mean())
    assert estimated["estimated_accuracy"] == pytest.approx((truth == predicted).mean())
    assert estimated["estimated_log_loss"] == pytest.approx(0)


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
