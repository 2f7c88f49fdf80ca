"""Students as arrays: the one place that turns a table into model inputs and targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.features import FEATURE_NAMES
from contract.grades import TARGET, grade_class
from contract.scores import Classes, Floats

RECENT_FLAG = "recent"
"""Marks rows that came from the stream; missing where none did."""


@dataclass(frozen=True)
class Students:
    """Raw features (n, 9) in contract order, grades (n,) and GPA (n,), NaN where unknown."""

    features: Floats
    grades: Classes
    gpa: Floats

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Students:
        """Take the nine features, GradeClass and GPA out of ``frame``."""
        return cls(
            frame[list(FEATURE_NAMES)].to_numpy(dtype=np.float64),
            frame[TARGET].to_numpy(dtype=np.int64),
            frame["GPA"].to_numpy(dtype=np.float64),
        )

    def take(self, rows: NDArray[np.generic]) -> Students:
        """Return the students at ``rows`` (indices or mask)."""
        return Students(self.features[rows], self.grades[rows], self.gpa[rows])

    def join(self, other: Students) -> Students:
        """Return these students and then the ``other`` ones."""
        return Students(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.grades, other.grades]),
            np.concatenate([self.gpa, other.gpa]),
        )

    @property
    def clean_grades(self) -> Classes:
        """Grades recomputed from GPA where it is known, as given elsewhere."""
        known = np.isfinite(self.gpa)
        return np.where(known, grade_class(np.nan_to_num(self.gpa)), self.grades)

    def __len__(self) -> int:
        return len(self.grades)
