"""The Bayes rule's scores: the ceiling of the data."""

from __future__ import annotations

import pytest

from orchestrator.training.evaluation.ceiling import bayes_ceiling


def test_the_measured_ceiling() -> None:
    """The figures every document states."""
    ceiling = bayes_ceiling()
    assert ceiling["f1_macro"] == pytest.approx(0.663, abs=0.005)
    assert ceiling["accuracy"] == pytest.approx(0.771, abs=0.005)
    assert ceiling["clean_log_loss"] == pytest.approx(0.385, abs=0.01)
