"""The GPA that stands for a grade, for models that predict grades only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contract.grades import GPA_CUTOFFS, GPA_RANGE, GRADES, grade_class

_EDGES = (GPA_RANGE[1], *GPA_CUTOFFS, GPA_RANGE[0])
MIDPOINTS = tuple((upper + lower) / 2 for upper, lower in zip(_EDGES, _EDGES[1:]))
FEWEST = 5


def class_gpa(grades: NDArray[np.int64], gpa: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (5,): the mean GPA of each grade over the rows whose label and GPA agree.

    Rows with a noisy label would pull every mean towards the middle. A grade with fewer than FEWEST
    such rows (or no GPA at all) gets the midpoint of its interval.
    """
    agree = np.isfinite(gpa) & (grade_class(np.nan_to_num(gpa)) == grades)
    means = np.array(MIDPOINTS)
    for index in range(len(GRADES)):
        rows = agree & (grades == index)
        if rows.sum() >= FEWEST:
            means[index] = gpa[rows].mean()
    return means
