"""Students as arrays."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contract.grades import grade_class


@given(st.floats(0, 4))
def test_vectorised_grades_are_the_contracts(gpa: float) -> None:
    """One rule for grades, here vectorised."""
    assert grade_class(np.array([gpa]))[0] == grade_class(gpa)
