"""Tuning: seeded and pruned."""

from __future__ import annotations

from orchestrator.training.data.students import Students
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.models.tuning import tune


def test_tuning_is_seeded_and_pruned(students: Students) -> None:
    """The same seed finds the same parameters; hopeless trials are cut; each trial is counted."""
    counted: list[int] = []
    candidate = BY_NAME["decision_tree"]
    first = tune(candidate, students, 14, 3, lambda: counted.append(1))
    second = tune(candidate, students, 14, 3)
    assert first == second and len(counted) == 14
    assert any(trial.pruned for trial in first.trials)
    assert first.f1_macro == max(t.f1_macro for t in first.trials if not t.pruned)
    assert tune(candidate, students, 14, 4).parameters != first.parameters
