"""Label noise: found by position, or spread evenly."""

from __future__ import annotations

import numpy as np

from orchestrator.training.data.label_noise import fit_noise, inspect_labels
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.ceiling import bayes_probabilities


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


def test_noise_is_learned_again_from_other_labels() -> None:
    """GIVEN the chances of the true grades THEN any labels tell their own share of noise."""
    for tail, share in ((0, 0.0), (3000, 0.3), (10_000, 1.0)):
        students = Students.from_frame(simulate_students(10_000, seed=9, noisy_tail=tail))
        answers = bayes_probabilities(students.features)
        assert abs(fit_noise(students.grades, answers) - share) < 0.03
    assert fit_noise(students.grades[:0], answers[:0]) == 0.0


def test_without_gpa_there_is_nothing_to_compare() -> None:
    """Rows without GPA are left out, and that is said."""
    students = Students.from_frame(simulate_students(100, seed=9))
    noise = inspect_labels(students.grades, np.full(100, np.nan))
    assert noise.rows == 0 and noise.eps == 0.0 and "no GPA is known" in noise.describe()
