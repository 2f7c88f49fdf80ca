"""The contract both sides of the service share: features, ranges, grades, events, error codes.

Training, serving, monitoring and the web service import these names; nothing else in the project
states a range or a grade. Ranges are what is possible, not what training saw (see the bundle's
training ranges for that).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Feature(NamedTuple):
    """One model input: its name, accepted closed range, whether it must be whole, its unit."""

    name: str
    minimum: int
    maximum: int
    whole: bool
    unit: str


FEATURES: Final = (
    Feature("ParentalEducation", 0, 4, True, "level"),
    Feature("StudyTimeWeekly", 0, 168, False, "hours per week"),
    Feature("Absences", 0, 365, True, "days per school year"),
    Feature("Tutoring", 0, 1, True, "flag"),
    Feature("ParentalSupport", 0, 4, True, "level"),
    Feature("Extracurricular", 0, 1, True, "flag"),
    Feature("Sports", 0, 1, True, "flag"),
    Feature("Music", 0, 1, True, "flag"),
    Feature("Volunteering", 0, 1, True, "flag"),
)
FEATURE_NAMES: Final = tuple(feature.name for feature in FEATURES)

GRADES: Final = ("A", "B", "C", "D", "F")
"""GradeClass 0..4 is an index into this tuple."""

GPA_CUTOFFS: Final = (3.5, 3.0, 2.5, 2.0)
"""A GPA at or above GPA_CUTOFFS[k] is GRADES[k] (the highest such k wins), else F."""

GPA_RANGE: Final = (0.0, 4.0)

DEMOGRAPHICS: Final = ("Age", "Gender", "Ethnicity")
"""Never model inputs; used by training's fairness audit only."""

TARGET: Final = "GradeClass"
IDENTIFIER: Final = "StudentID"

PREDICTION_SCHEMA: Final = "student-performance.prediction/1"
DEFAULT_MODEL_NAME: Final = "student-performance"

MAX_EVENT_BYTES: Final = 1_048_576
"""The largest accepted event (one Kinesis record's data), in bytes."""

MAX_STUDENT_ID_LENGTH: Final = 128

REJECTION_CODES: Final = (
    "not_utf8",
    "not_json",
    "not_an_object",
    "missing_field",
    "wrong_type",
    "not_whole",
    "out_of_range",
    "too_large",
    "bad_aggregate",
)


class StudentPerformanceError(Exception):
    """Root of every error this project raises; ``code`` is stable and greppable."""

    code = "student_performance"


def grade_class(gpa: float) -> int:
    """Return the GradeClass (0 = A .. 4 = F) of a GPA on the 0-4 scale."""
    for index, cutoff in enumerate(GPA_CUTOFFS):
        if gpa >= cutoff:
            return index
    return len(GPA_CUTOFFS)
