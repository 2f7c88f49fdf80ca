"""Plain sense: what is refused whatever the scores."""

from __future__ import annotations

from contract.features import FEATURE_NAMES
from contract.scores import Floats
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.ceiling import bayes_probabilities
from orchestrator.training.evaluation.sense import nonsense
from orchestrator.training.models.candidates import CANDIDATES
from tests.orchestrator.support.parameters import PARAMETERS
from tests.orchestrator.support.retrainings import TRUE_EFFECTS, Rule


def test_the_truth_is_sensible(students: Students) -> None:
    """The simulator's rule and every candidate of 1,200 students keep plain sense."""
    assert not nonsense(Rule(TRUE_EFFECTS).answer, students.features)
    for candidate in CANDIDATES:
        model = candidate.fit(PARAMETERS[candidate.name], students, 1)

        def answer(rows: Floats, fitted: object = model) -> tuple[Floats, Floats]:
            return fitted.predict_proba(rows), fitted.predict_gpa(rows)  # type: ignore[attr-defined]

        assert not nonsense(answer, students.features), candidate.name


def test_absences_that_help_are_nonsense(students: Students) -> None:
    """An effect of the wrong sign is named."""
    effects = TRUE_EFFECTS.copy()
    effects[FEATURE_NAMES.index("Absences")] *= -1
    effects[FEATURE_NAMES.index("Tutoring")] *= -1
    found = nonsense(Rule(effects, 0.5).answer, students.features)
    assert len(found) == 2
    assert found[0].startswith("More Absences raise") and found[1].startswith("More Tutoring lower")


def test_a_grade_that_is_not_its_gpas_is_nonsense(students: Students) -> None:
    """Labels turned round give probabilities that contradict the GPA beside them."""

    def turned(rows: Floats) -> tuple[Floats, Floats]:
        return bayes_probabilities(rows)[:, ::-1], Rule(TRUE_EFFECTS).answer(rows)[1]

    found = nonsense(turned, students.features)
    assert len(found) == 1 and "2 grades or more apart" in found[0]
