"""Ordered probit + eps: its gradient."""

from __future__ import annotations

import numpy as np
from scipy.optimize import check_grad

from orchestrator.training.data.students import Students
from orchestrator.training.models import probit


def test_probit_gradient(students: Students) -> None:
    """The analytic gradient is the numeric one."""
    scaled = (students.features - students.features.min(0)) / np.ptp(students.features, axis=0)
    objective = probit._objective  # pylint: disable=protected-access
    shares = np.random.default_rng(1).dirichlet(np.ones(len(students)))
    point = np.random.default_rng(0).normal(size=14) * 0.3
    difference = check_grad(
        lambda x: objective(x, scaled, students.grades, 0.01, shares)[0],
        lambda x: objective(x, scaled, students.grades, 0.01, shares)[1],
        point,
    )
    assert difference < 1e-6
