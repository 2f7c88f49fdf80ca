"""scikit-learn classifiers as grade models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from orchestrator.training.data.students import Students
from orchestrator.training.errors import ConversionError
from orchestrator.training.models import estimators
from orchestrator.training.models.estimators import MIDPOINTS, class_gpa


def test_class_gpa() -> None:
    """Noisy rows do not move a grade's GPA; a grade without rows gets its midpoint."""
    gpa = np.array([3.8] * 6 + [0.5] * 6)
    grades = np.array([0] * 6 + [0] * 3 + [4] * 3)
    means = class_gpa(grades, gpa)
    assert means[0] == pytest.approx(3.8)
    assert means[1:].tolist() == list(MIDPOINTS[1:])


class Unconvertible:
    """A classifier skl2onnx has never heard of."""

    classes_ = range(5)

    def fit(self, _features: Any, _grades: Any, **_weights: Any) -> Unconvertible:
        """Learn nothing."""
        return self

    def predict_proba(self, features: Any) -> Any:
        """Say the same of everyone."""
        return np.full((len(features), 5), 0.2)


def test_what_cannot_be_converted_is_named(students: Students) -> None:
    """The refusal names the method."""
    model = estimators.SklearnGrades(Unconvertible(), scaled=False)
    model.fit(students.features, students.grades, students.gpa)
    with pytest.raises(ConversionError, match="Unconvertible cannot be written as ONNX"):
        model.to_onnx()
