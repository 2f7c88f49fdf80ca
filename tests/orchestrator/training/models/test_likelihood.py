"""The shared likelihood: its gradient is its own, and rows without GPA are counted in."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.models.likelihood import Problem, Rows, maximise


@pytest.mark.parametrize("known", [0.0, 0.5, 1.0])
def test_the_gradient_is_the_values_slope(known: float) -> None:
    """At a random point, with censored, interval and density rows: central differences agree."""
    students = Students.from_frame(simulate_students(800, seed=3))
    generator = np.random.default_rng(1)
    gpa = np.where(generator.random(len(students)) < known, students.gpa, np.nan)
    features = students.features - students.features.mean(axis=0)
    rows = Rows(features, students.grades, gpa, generator.uniform(0.5, 2, len(students)))
    back = generator.normal(0, 0.2, (10, 10))
    problem = Problem(rows, np.column_stack([features, np.ones(len(gpa))]) @ back, back, 0.3)
    at = generator.normal(0, 0.5, 12)
    slopes = [
        (problem(at + 1e-5 * step)[0] - problem(at - 1e-5 * step)[0]) / 2e-5 for step in np.eye(12)
    ]
    np.testing.assert_allclose(problem(at)[1], slopes, atol=1e-6)


def test_rows_that_count_nothing_change_nothing() -> None:
    """A row of count 0 is as good as none."""
    students = Students.from_frame(simulate_students(400, seed=3))
    features = students.features / students.features.max(axis=0)
    counts = (np.arange(400) < 300).astype(float)
    all_rows = Rows(features, students.grades, students.gpa, counts)
    part = Rows(features[:300], students.grades[:300], students.gpa[:300], counts[:300])
    first = maximise(all_rows, students.gpa, 0.1)
    second = maximise(part, students.gpa[:300], 0.1)
    np.testing.assert_allclose(first[0], second[0], atol=1e-5)
    assert first[2:] == pytest.approx(second[2:], abs=1e-5)
