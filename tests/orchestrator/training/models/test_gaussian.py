"""GPA-Gaussian + eps: at the ceiling, with readable weights."""

from __future__ import annotations

import numpy as np
import pytest

from contract.features import FEATURES
from contract.scores import all_scores
from orchestrator.training.data.simulator import EFFECTS, simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.errors import TrainingError
from orchestrator.training.evaluation.ceiling import bayes_ceiling
from orchestrator.training.models.gaussian import GaussianGpa


def test_gaussian_recovers_the_simulator() -> None:
    """On many students the weights are the simulator's, and eps its label noise."""
    students = Students.from_frame(simulate_students(40_000, seed=2))
    model = GaussianGpa().fit(students.features, students.grades, students.gpa)
    found = dict(zip([f.name for f in FEATURES], model.weights))
    for name in ("StudyTimeWeekly", "Absences", "Tutoring"):
        assert found[name] == pytest.approx(EFFECTS[name], rel=0.06)
    assert model.eps == pytest.approx(216 / 2392, abs=0.01)


def test_gaussian_stands_at_the_ceiling() -> None:
    """Fitted on 5,000 and scored on 20,000 fresh students it is within .01 of the Bayes rule."""
    train = Students.from_frame(simulate_students(5000, seed=1))
    test = Students.from_frame(simulate_students(20_000, seed=2))
    model = GaussianGpa().fit(train.features, train.grades, train.gpa)
    scores, best = all_scores(test.grades, model.predict_proba(test.features)), bayes_ceiling()
    assert scores["f1_macro"] > best["f1_macro"] - 0.01
    assert scores["log_loss"] < best["log_loss"] + 0.01
    assert best["clean_f1_macro"] == pytest.approx(0.737, abs=0.01)


def test_late_labels_may_lack_gpa(students: Students) -> None:
    """Rows without GPA are left out of the regression; without any GPA there is nothing to fit."""
    gpa = students.gpa.copy()
    gpa[::2] = np.nan
    half = GaussianGpa().fit(students.features, students.grades, gpa)
    rest = students.take(np.arange(len(students))[1::2])
    only = GaussianGpa().fit(rest.features, rest.grades, rest.gpa)
    np.testing.assert_allclose(half.weights, only.weights)
    with pytest.raises(TrainingError, match="GPA is known for 0 rows"):
        GaussianGpa().fit(students.features, students.grades, np.full(len(students), np.nan))


def test_eps_never_changes_the_class(students: Students) -> None:
    """Mixing with even noise keeps the order of the probabilities."""
    model = GaussianGpa().fit(students.features, students.grades, students.gpa)
    noisy = model.predict_proba(students.features).argmax(axis=1)
    model.eps = 0.0
    assert (model.predict_proba(students.features).argmax(axis=1) == noisy).all()
