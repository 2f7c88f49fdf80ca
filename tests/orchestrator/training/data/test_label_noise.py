"""Label noise: found by position, or spread evenly."""

from __future__ import annotations

import numpy as np

from orchestrator.training.data.label_noise import inspect_labels
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students


def test_positional_noise_is_found() -> None:
    """The row where labels stop following GPA is found; nothing is dropped."""
    students = Students.from_frame(simulate_students(2392, seed=9))
    noise = inspect_labels(students.grades, students.gpa)
    assert noise.first_noisy_row is not None and abs(noise.first_noisy_row - 2176) <= 3
    assert noise.mismatch_before == 0 and noise.mismatch_after > 0.7
    assert noise.uniform_p_value is not None and noise.uniform_p_value > 0.001
    assert 0.05 < noise.eps < 0.13
    assert "No row is dropped" in noise.describe()


def test_even_noise_has_no_position() -> None:
    """Noise spread evenly, or none at all, has no change point."""
    clean = Students.from_frame(simulate_students(2000, seed=9, noisy_tail=0))
    assert inspect_labels(clean.grades, clean.gpa).first_noisy_row is None
    generator = np.random.default_rng(0)
    grades = np.where(generator.random(2000) < 0.1, generator.integers(0, 5, 2000), clean.grades)
    noise = inspect_labels(grades, clean.gpa)
    assert noise.first_noisy_row is None and noise.mismatches > 100
    assert "spread evenly" in noise.describe()
    assert inspect_labels(grades[:1], clean.gpa[:1]).first_noisy_row is None
