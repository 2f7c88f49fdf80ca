"""The learning curve grows with the students trained on."""

from __future__ import annotations

import numpy as np

from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.learning_curve import SHARES, learning_curve
from orchestrator.training.models.candidates import BY_NAME


def test_a_point_for_each_share(students: Students) -> None:
    """Every share is one point; the whole has no spread."""
    train, held_out = students.take(np.arange(800)), students.take(np.arange(800, 1200))
    points = learning_curve(BY_NAME["gpa_gaussian"], {"alpha": 0.1}, train, held_out, seed=1)
    assert [point.rows for point in points] == [round(share * 800) for share in SHARES]
    assert points[-1].sd == 0.0 and points[-1].f1_macro > 0.5
