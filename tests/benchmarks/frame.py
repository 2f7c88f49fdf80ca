"""A window of students as a benchmark evaluates it."""

from __future__ import annotations

from typing import Any

from monitoring.windows import drift
from tests.monitoring.support import cohort


def window_frame(rows: int, seed: int, **arguments: Any) -> Any:
    """Return a window of ``rows`` seeded students with the columns drift looks at."""
    frame = cohort.students(rows, seed, **arguments)
    mean = cohort.expected_gpa(frame)
    frame[drift.PREDICTION] = cohort.probabilities(mean).argmax(axis=1)
    frame["Absences"] = frame["Absences"].astype(float)
    return frame[list(drift.COLUMNS)]
