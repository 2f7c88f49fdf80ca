"""Students as arrays: the one place that turns a table into model inputs and targets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.features import FEATURE_NAMES
from contract.grades import TARGET, grade_class
from contract.scores import Classes, Floats

RECENT_FLAG = "recent"
"""Marks rows that came from the stream; missing where none did."""
GROUP = "group"


@dataclass(frozen=True)
class Students:
    """Raw features (n, 9) in contract order, grades (n,) and GPA (n,), NaN where unknown.

    ``recent`` (n,) marks rows that came from the stream; rows of one ``group`` (n,) are one
    student's, or equal, and never part. Left out: none is recent, and each is its own group.
    """

    features: Floats
    grades: Classes
    gpa: Floats
    recent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    group: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        if len(self.recent) != len(self.grades):
            object.__setattr__(self, "recent", np.zeros(len(self.grades), dtype=bool))
        if len(self.group) != len(self.grades):
            object.__setattr__(self, "group", np.arange(len(self.grades)))

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Students:
        """Take the nine features, GradeClass, GPA and, where there are any, the marks."""
        marks = {
            name: frame[name].to_numpy(dtype=kind)
            for name, kind in ((RECENT_FLAG, bool), (GROUP, np.int64))
            if name in frame
        }
        return cls(
            frame[list(FEATURE_NAMES)].to_numpy(dtype=np.float64),
            frame[TARGET].to_numpy(dtype=np.int64),
            frame["GPA"].to_numpy(dtype=np.float64),
            **marks,
        )

    def take(self, rows: NDArray[np.generic]) -> Students:
        """Return the students at ``rows`` (indices or mask)."""
        return Students(
            self.features[rows],
            self.grades[rows],
            self.gpa[rows],
            self.recent[rows],
            self.group[rows],
        )

    def join(self, other: Students) -> Students:
        """Return these students and then the ``other`` ones."""
        return Students(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.grades, other.grades]),
            np.concatenate([self.gpa, other.gpa]),
            np.concatenate([self.recent, other.recent]),
            np.concatenate([self.group, other.group]),
        )

    @property
    def gpa_known(self) -> NDArray[np.bool_]:
        """Where the GPA is known (n,)."""
        return np.isfinite(self.gpa)

    @property
    def clean_grades(self) -> Classes:
        """Grades recomputed from GPA where it is known, as given elsewhere."""
        return np.where(self.gpa_known, grade_class(np.nan_to_num(self.gpa)), self.grades)

    def __len__(self) -> int:
        return len(self.grades)
