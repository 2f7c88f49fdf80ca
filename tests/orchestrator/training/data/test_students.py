"""Students as arrays."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contract.grades import grade_class
from orchestrator.training.data.students import Students


@given(st.floats(0, 4))
def test_vectorised_grades_are_the_contracts(gpa: float) -> None:
    """One rule for grades, here vectorised."""
    assert grade_class(np.array([gpa]))[0] == grade_class(gpa)


def test_clean_grades_follow_gpa_where_it_is_known(students: Students) -> None:
    """Grades come from GPA, and stay as given where GPA is missing."""
    gpa = students.gpa.copy()
    gpa[:10] = np.nan
    part = Students(students.features, students.grades, gpa)
    assert (part.clean_grades[:10] == students.grades[:10]).all()
    assert (part.clean_grades[10:] == grade_class(gpa[10:])).all()
    assert len(part.take(np.arange(5)).join(part)) == len(students) + 5
