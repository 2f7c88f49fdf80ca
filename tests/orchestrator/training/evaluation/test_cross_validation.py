"""Cross-validation: every fold scored, every student answered once."""

from __future__ import annotations

import numpy as np

from contract.scores import f1_macro
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.cross_validation import (
    CrossValidation,
    cross_validate,
    out_of_fold,
)
from orchestrator.training.models.candidates import BY_NAME

GAUSSIAN, PARAMETERS = BY_NAME["gpa_gaussian"], {"alpha": 0.1}


def test_means_and_errors_over_folds(students: Students) -> None:
    """Two repeats are ten folds; the table shows each headline score with its error."""
    scores = cross_validate(GAUSSIAN, PARAMETERS, students, seed=1, repeats=2)
    assert scores.folds == 10 and 0 < scores.error["f1_macro"] < 0.1
    assert scores == cross_validate(GAUSSIAN, PARAMETERS, students, seed=1, repeats=2)
    row = CrossValidation({"gpa_gaussian": scores}).table().iloc[0]
    assert row["title"] == GAUSSIAN.title and row["ece_se"] == scores.error["ece"]
    assert CrossValidation({}).table().empty


def test_out_of_fold_answers_everyone(students: Students) -> None:
    """Every student gets one distribution, about as good as cross-validation says."""
    answers = out_of_fold(GAUSSIAN, PARAMETERS, students, seed=1)
    np.testing.assert_allclose(answers.sum(axis=1), 1.0)
    once = cross_validate(GAUSSIAN, PARAMETERS, students, seed=1, repeats=1)
    assert abs(f1_macro(students.grades, answers) - once.mean["f1_macro"]) < 0.05
