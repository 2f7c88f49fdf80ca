"""Effects and importances: what moves a grade, with its uncertainty."""

from __future__ import annotations

import numpy as np

from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.effects import effect_curves, importances
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.models.gaussian import GaussianGpa

GAUSSIAN = BY_NAME["gpa_gaussian"]


def test_absences_matter_most_and_volunteering_nothing(students: Students) -> None:
    """Importances and effects find the simulator's strongest and its absent effect."""
    model = GaussianGpa().fit(students.features, students.grades, students.gpa)
    costs = importances(
        lambda rows: (model.predict_proba(rows), model.predict_gpa(rows)), students, seed=1
    )
    assert costs[0].feature == "Absences" and costs[0].f1_loss > 0.1
    curves = {
        curve.feature: curve
        for curve in effect_curves(GAUSSIAN, {"alpha": 0.1}, students, students, seed=1)
    }
    assert curves["Absences"].change < -1.5
    assert abs(curves["Tutoring"].change - 0.25) < 4 * curves["Tutoring"].change_sd
    assert "can be told from zero" not in curves["Absences"].describe()
    assert np.all(np.diff(curves["Absences"].gpa) < 0)
