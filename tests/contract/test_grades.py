"""One GPA-to-grade rule for one value and for many."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.grades import GRADES, grade_class


@pytest.mark.parametrize(
    ("gpa", "grade"),
    [
        (4.0, "A"),
        (3.5, "A"),
        (3.4999, "B"),
        (3.0, "B"),
        (2.5, "C"),
        (2.0, "D"),
        (1.99, "F"),
        (0, "F"),
    ],
)
def test_a_cut_off_belongs_to_the_better_grade(gpa: float, grade: str) -> None:
    assert GRADES[grade_class(gpa)] == grade


@given(st.lists(st.floats(allow_nan=True), min_size=1))
def test_arrays_follow_the_same_rule(values: list[float]) -> None:
    assert grade_class(np.array(values)).tolist() == [grade_class(value) for value in values]


def test_no_number_is_an_f() -> None:
    assert GRADES[grade_class(math.nan)] == "F"
