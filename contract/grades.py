"""Grades, and the one rule that makes a grade of a GPA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRADES: Final = ("A", "B", "C", "D", "F")
"""GradeClass 0..4 is an index into this tuple."""

GPA_CUTOFFS: Final = (3.5, 3.0, 2.5, 2.0)
"""A GPA at or above GPA_CUTOFFS[k] is GRADES[k] (the highest such k wins), else F."""

GPA_RANGE: Final = (0.0, 4.0)

TARGET: Final = "GradeClass"


@overload
def grade_class(gpa: float) -> int: ...


@overload
def grade_class(gpa: NDArray[np.float64]) -> NDArray[np.int64]: ...


def grade_class(gpa: float | NDArray[np.float64]) -> int | NDArray[np.int64]:
    """Return the GradeClass (0 = A .. 4 = F) of one GPA on the 0-4 scale, or of each in an array.

    A GPA that is no number is an F. Needs no numpy itself: the client and the publisher load none.
    """
    return len(GPA_CUTOFFS) - sum(gpa >= cutoff for cutoff in GPA_CUTOFFS)
