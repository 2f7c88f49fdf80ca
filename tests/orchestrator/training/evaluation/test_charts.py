"""Pictures are PNG, and the same figures give the same bytes."""

from __future__ import annotations

from orchestrator.training.data.students import Students
from orchestrator.training.evaluation import charts
from orchestrator.training.evaluation.ceiling import bayes_probabilities
from orchestrator.training.evaluation.learning_curve import CurvePoint


def test_pictures_are_reproducible_png(students: Students) -> None:
    """Each picture is drawn twice."""
    answers = bayes_probabilities(students.features)
    points = [CurvePoint(100, 0.5, 0.02), CurvePoint(1000, 0.6, 0.0)]
    for draw in (
        lambda: charts.confusion_chart(students.grades, answers),
        lambda: charts.reliability_chart(students.grades, answers),
        lambda: charts.learning_chart(points, 0.66),
        lambda: charts.cross_validation_chart([("one", 0.6, 0.01), ("two", 0.5, 0.02)], 0.66),
    ):
        picture = draw()
        assert picture.startswith(b"\x89PNG") and picture == draw()
