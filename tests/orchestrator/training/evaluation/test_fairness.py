"""The fairness audit: groups, gaps, and what the gate makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.ceiling import bayes_probabilities
from orchestrator.training.evaluation.credibility import Credibility
from orchestrator.training.evaluation.fairness import LIMITS, Gap, audit
from orchestrator.training.models.parity import Parity
from orchestrator.training.release.gate import Evidence, decide

FAIR = Gap("Gender", "accuracy", 1, 0.05, -0.01, 0.2, 0.2)
GOOD = Evidence(
    challenger="gpa_gaussian",
    rows_name="validation",
    floor_name="validation",
    rows=359,
    f1=0.65,
    parity=Parity(2392, 0, 2e-7, 3e-7),
    gaps=(FAIR,),
    credibility=Credibility(359, 0.77, 1674, 0.77),
    nonsense=[],
)


@pytest.fixture(name="school", scope="module")
def audited_school() -> tuple[pd.DataFrame, Students, NDArray[np.float64]]:
    """Students, and fair answers to them."""
    frame = simulate_students(2400, seed=11)
    students = Students.from_frame(frame)
    return frame, students, bayes_probabilities(students.features)


def test_a_fair_model_passes(
    school: tuple[pd.DataFrame, Students, NDArray[np.float64]],
) -> None:
    """The Bayes rule, blind to groups, has no gap above its limit."""
    frame, students, answers = school
    result = audit(frame, students.grades, answers, seed=1)
    assert {gap.attribute for gap in result.gaps} == {"Age", "Gender", "Ethnicity"}
    assert len(result.gaps) == 3 * len(LIMITS)
    assert not any(gap.refused for gap in result.gaps)
    assert decide(replace(GOOD, gaps=result.gaps)).promoted
    assert result.groups_table()["rows"].sum() == 3 * len(frame)
    assert not {"StudentID", "student_id"} & set(result.gaps_table().columns)


def test_a_biased_model_is_refused(
    school: tuple[pd.DataFrame, Students, NDArray[np.float64]],
) -> None:
    """A model that marks one group a grade down is refused, naming group and score."""
    frame, students, answers = school
    biased = answers.copy()
    marked_down = frame["Gender"].to_numpy() == 1
    biased[marked_down] = np.roll(answers[marked_down], 1, axis=1)
    result = audit(frame, students.grades, biased, seed=1)
    refused = [gap for gap in result.gaps if gap.refused]
    assert {gap.attribute for gap in refused} == {"Gender"}
    assert {gap.group for gap in refused} == {1}
    assert min(gap.p_value for gap in refused) < 0.01
    verdict = decide(replace(GOOD, gaps=result.gaps))
    assert not verdict.promoted
    assert any("under_prediction of Gender group 1" in reason for reason in verdict.reasons)


def test_small_groups_are_reported_not_judged(
    school: tuple[pd.DataFrame, Students, NDArray[np.float64]],
) -> None:
    """Groups below the minimum stand in the table, without a gap."""
    frame, students, answers = school
    rows = np.arange(60)
    result = audit(frame.iloc[rows], students.grades[rows], answers[rows], seed=1)
    assert not result.gaps and len(result.groups) >= 6
