"""Labels that mean something else are refused, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestrator.training.data.meaning import check_meaning
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.errors import DataContractError

SCHOOL = simulate_students(2392, seed=3)


def graded(grades: np.ndarray | pd.Series, gpa: bool = True) -> Students:
    """Return the school's students with other grades."""
    frame = SCHOOL.assign(GradeClass=grades)
    return Students.from_frame(frame if gpa else frame.assign(GPA=np.nan))


@pytest.mark.parametrize("rows", [60, 300, 2392])
@pytest.mark.parametrize("gpa", [True, False])
def test_the_contracts_coding_passes(rows: int, gpa: bool) -> None:
    """Noise in 7 % of the labels is no other meaning, and a small school is no suspect."""
    check_meaning(graded(SCHOOL["GradeClass"], gpa).take(np.arange(rows)), "x.csv")


@pytest.mark.parametrize(
    ("grades", "gpa", "words"),
    [
        (4 - SCHOOL["GradeClass"], True, "coded otherwise: 4 = A, 3 = B, 2 = C, 1 = D, 0 = F fits"),
        ((SCHOOL["GradeClass"] + 1) % 5, True, "1 = A, 2 = B, 3 = C, 4 = D, 0 = F fits"),
        (np.random.default_rng(0).permutation(SCHOOL["GradeClass"]), True, "contradict their GPA"),
        (4 - SCHOOL["GradeClass"], False, "is it coded 0 = F .. 4 = A"),
    ],
)
def test_another_meaning_is_refused(grades: pd.Series, gpa: bool, words: str) -> None:
    """Turned round, shifted, shuffled; and turned round where no GPA gives it away."""
    with pytest.raises(DataContractError, match=words):
        check_meaning(graded(grades, gpa), "x.csv")
