"""Folds: even by grade, and groups stay whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from orchestrator.training.data.students import Students
from orchestrator.training.models.folds import folds_of


def test_folds_are_even_and_whole(students: Students) -> None:
    """Every row is scored once; each fold has its share of every grade; copies stay together."""
    folds = folds_of(students, 5, 1)
    assert sorted(np.concatenate([rest for _, rest in folds])) == list(range(len(students)))
    for _, rest in folds:
        counts = np.bincount(students.grades[rest], minlength=5)
        assert np.abs(counts - np.bincount(students.grades) / 5).max() <= 1
    twice = students.join(students)
    twice = replace(twice, group=np.concatenate([students.group, students.group]))
    for fit, rest in folds_of(twice, 3, 1):
        assert not set(twice.group[fit]) & set(twice.group[rest])
