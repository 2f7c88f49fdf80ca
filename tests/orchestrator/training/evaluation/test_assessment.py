"""Bootstrap intervals: around the score, seeded. The steps are walked in release/test_promotion.py."""

from __future__ import annotations

from contract.scores import all_scores
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.assessment import bootstrap
from orchestrator.training.evaluation.ceiling import bayes_probabilities


def test_intervals_hold_the_score(students: Students) -> None:
    """The score lies in its interval, which is the same for the same seed."""
    answers = bayes_probabilities(students.features)
    intervals = bootstrap(students.grades, answers, seed=1)
    for name, score in all_scores(students.grades, answers).items():
        low, high = intervals[name]
        assert low <= score <= high or name == "ece"
    assert intervals == bootstrap(students.grades, answers, seed=1)
