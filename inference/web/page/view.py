"""Plain words for features, answers and guidance: all text about a student the page shows."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contract.events import YEAR_ELAPSED
from contract.features import FEATURES
from contract.grades import GPA_CUTOFFS, GPA_RANGE, GRADES

LABELS = {
    "ParentalEducation": "Parents’ education",
    "StudyTimeWeekly": "Study time",
    "Absences": "Absences",
    "Tutoring": "Tutoring",
    "ParentalSupport": "Support from parents",
    "Extracurricular": "School clubs",
    "Sports": "Sports",
    "Music": "Music",
    "Volunteering": "Volunteering",
    YEAR_ELAPSED: "How much of the school year has passed?",
}
SUPPORT = ("None", "Low", "Moderate", "High", "Very high")
EDUCATION = ("None", "High school", "Some college", "Bachelor’s", "Higher")

SMALLEST_GAIN = 0.005
"""GPA points below which a lever is not worth a line."""


class Field(NamedTuple):
    """One control of the form; a slider goes from ``start`` to ``slider``, ``words`` are a choice's.

    An ``optional`` one may stay empty, which means the slider's end.
    """

    name: str
    label: str
    unit: str
    minimum: int
    maximum: int
    slider: int = 0
    step: str = "1"
    fine_step: str = "1"
    words: tuple[str, ...] = ()
    start: int = 0
    optional: bool = False


def _field(name: str, unit: str = "", **more: Any) -> Field:
    feature = next(feature for feature in FEATURES if feature.name == name)
    return Field(name, LABELS[name], unit, feature.minimum, feature.maximum, **more)


SLIDERS = (
    _field("StudyTimeWeekly", "hours a week", slider=30, step="0.5", fine_step="any"),
    _field("Absences", "days so far this school year", slider=40),
    Field(
        YEAR_ELAPSED,
        LABELS[YEAR_ELAPSED],
        "percent; empty means all of it",
        0,
        100,
        slider=100,
        step="5",
        fine_step="any",
        start=5,
        optional=True,
    ),
)
CHOICES = (
    _field("ParentalSupport", words=SUPPORT),
    _field("ParentalEducation", words=EDUCATION),
)
FLAGS = tuple(
    _field(name) for name in ("Tutoring", "Extracurricular", "Sports", "Music", "Volunteering")
)


def plain(value: float) -> str:
    """Return a number as a person writes it: no trailing zeros, at most four digits."""
    return f"{value:.4g}"


def whole_range(bounds: tuple[float, float]) -> tuple[int, int]:
    """Return a training range widened to whole numbers: 0.001 to 19.98 hours reads as 0 to 20."""
    return math.floor(bounds[0]), math.ceil(bounds[1])


def percent(share: float) -> str:
    """Return a probability in percent; small and large ones are not rounded to never or always."""
    if 0 < share < 0.01:
        return "<1\u00a0%"
    if 0.99 < share < 1:
        return ">99\u00a0%"
    return f"{share * 100:.0f}\u00a0%"


def sureness(share: float) -> str:
    """Return in words how sure the most likely grade is: of the percent that stand beside them."""
    for bound, words in (
        (85, "very likely"),
        (65, "likely"),
        (51, "more likely than not"),
        (50, "as likely as not"),
    ):
        if round(share * 100) >= bound:
            return words
    return "but it is a close call"


def _count(number: float, one: str, many: str) -> str:
    return f"{plain(number)} {one if number == 1 else many}"


def change_words(feature: str, start: float, end: float) -> str:
    """Return one lever as a change a person can picture."""
    if feature == "Absences":
        return _count(start - end, "fewer absence", "fewer absences")
    if feature == "StudyTimeWeekly":
        return _count(end - start, "more hour of study a week", "more hours of study a week")
    if feature == "ParentalSupport":
        return f"{SUPPORT[int(end)]} instead of {SUPPORT[int(start)].lower()} support from parents"
    return {
        "Tutoring": "Having tutoring",
        "Extracurricular": "Joining a school club",
        "Sports": "Taking up a sport",
        "Music": "Making music",
        "Volunteering": "Volunteering",
    }[feature]


def levers(
    guidance: Sequence[Mapping[str, Any]], grade: str, better: float
) -> list[dict[str, str]]:
    """Return the lines of guidance worth showing, in the answer's own order (largest first).

    ``better`` is the present probability of a better grade than ``grade``.
    """
    lines = []
    for advice in guidance:
        if advice["gpa_change"] < SMALLEST_GAIN:
            continue
        chance = ""
        if grade != GRADES[0]:
            then = min(1.0, better + advice["better_grade_probability_change"])
            chance = f"Better than {grade}: {percent(then)} instead of {percent(better)}"
        decimals = 1 if advice["gpa_change"] >= 0.095 else 2
        lines.append(
            {
                "change": change_words(advice["feature"], advice["from"], advice["to"]),
                "gpa": f"+{advice['gpa_change']:.{decimals}f}",
                "chance": chance,
                "feature": advice["feature"],
                "value": plain(advice["to"]),
            }
        )
    return lines


def year_words(elapsed: float) -> str:
    """Return what an answer in mid-year rests on, or an empty string for a whole year."""
    if elapsed == 1:
        return ""
    return (
        f"With {plain(elapsed * 100)}\u00a0% of the school year passed: the absences still to come"
        " are estimated."
    )


def answer_view(prediction: Mapping[str, Any], elapsed: float = 1) -> dict[str, Any]:
    """Return what the page shows of one prediction (the stream's ``prediction`` object).

    ``elapsed`` is the share of the school year its absences cover.
    """
    shares: dict[str, float] = prediction["probabilities"]
    grade, gpa = prediction["grade"], prediction["GPA"]
    second = max((other for other in GRADES if other != grade), key=lambda other: shares[other])
    sure, likely = sureness(shares[grade]), percent(shares[grade])
    return {
        "grade": grade,
        "sureness": sure,
        "detail": f"{likely} {grade}, next is {second} with {percent(shares[second])}",
        "said": f"Grade {grade}, {sure}: {likely}. Expected GPA {gpa:.2f}.",
        "year": year_words(elapsed),
        "gpa": gpa,
        "gpa_words": f"{gpa:.2f}",
        "gpa_percent": f"{gpa / GPA_RANGE[1] * 100:.2f}",
        "shares": [shares[name] for name in GRADES],
        "better": sum(shares[name] for name in GRADES[: GRADES.index(grade)]),
        "bars": [
            {"grade": name, "percent": f"{shares[name] * 100:.2f}", "words": percent(shares[name])}
            for name in GRADES
        ],
    }


def bands() -> list[dict[str, Any]]:
    """Return the GPA scale's bands, left (F) to right (A), in percent of its length."""
    edges = [GPA_RANGE[1], *GPA_CUTOFFS, GPA_RANGE[0]]
    scale = 100 / GPA_RANGE[1]
    return [
        {
            "grade": grade,
            "start": plain(low * scale),
            "width": plain((high - low) * scale),
            "middle": plain((high + low) / 2 * scale),
        }
        for grade, high, low in zip(GRADES, edges, edges[1:], strict=False)
    ][::-1]


def beyond_words(features: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> str:
    """Return which values lie outside of what training saw, or an empty string."""
    lines = []
    for name, (low, high) in ((name, whole_range(bounds)) for name, bounds in ranges.items()):
        if not low <= features[name] <= high:
            lines.append(
                f"{LABELS[name]}: {plain(features[name])}, but the students it learned from had"
                f" {low} to {high}."
            )
    return " ".join(lines)


def problem_lines(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a rejection's problems with the form's labels instead of field paths."""
    lines = []
    for error in errors:
        field = error["field"] or ""
        message = error["message"].removeprefix(f"{field} ")
        if field == YEAR_ELAPSED:
            message = "Say it as a percentage over 0 up to 100, or leave it empty."
        label = LABELS.get(field.removeprefix("student."), "The form")
        lines.append({"label": label, "message": message, "name": field.removeprefix("student.")})
    return lines
