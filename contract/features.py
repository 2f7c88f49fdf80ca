"""The nine features: names, accepted ranges, units.

Nothing else in the project states a range. Ranges are what is possible, not what training saw (see
the bundle's training ranges for that).
"""

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

DEMOGRAPHICS: Final = ("Age", "Gender", "Ethnicity")
"""Never model inputs; used by training's fairness audit only."""

IDENTIFIER: Final = "StudentID"

DEFAULT_MODEL_NAME: Final = "student-performance"
