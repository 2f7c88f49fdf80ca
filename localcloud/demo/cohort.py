"""What the demo streams: held-out students, broken records, a shifted cohort. Pure."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from contract.features import FEATURES
from contract.grades import GPA_RANGE, TARGET, grade_class
from inference.stream.aggregation import DIGEST_BYTES, MAGIC
from orchestrator.training.data.simulator import EFFECTS, INTERCEPT, NOISE_SD

_RANGES = {feature.name: (feature.minimum, feature.maximum) for feature in FEATURES}


@dataclass(frozen=True)
class Event:
    """One record to put: its bytes and key, and what is known about the right answer.

    ``truth`` is the true GradeClass of a good record, ``code`` the rejection a bad one must get.
    """

    data: bytes
    partition_key: str
    truth: int | None = None
    code: str | None = None
    student_id: str | None = None


def good_events(students: pd.DataFrame) -> list[Event]:
    """One event per row; ``students`` holds student_id, the nine features and GradeClass."""
    events = []
    for row in students.to_dict("records"):
        student_id = str(row["student_id"])
        payload = {"student_id": student_id, "student": features_of(row)}
        truth = int(row[TARGET])
        events.append(Event(encode(payload), student_id, truth, student_id=student_id))
    return events


def features_of(row: dict[Any, Any]) -> dict[str, float | int]:
    """The nine features of a row as an event carries them."""
    return {f.name: int(row[f.name]) if f.whole else float(row[f.name]) for f in FEATURES}


def bad_events() -> list[Event]:
    """One record or more for every way a record that Kinesis accepts can be wrong."""
    student = {feature.name: feature.minimum for feature in FEATURES}
    without = {name: value for name, value in student.items() if name != "Absences"}
    above = _RANGES["Absences"][1] + 1
    below = {"StudyTimeWeekly": _RANGES["StudyTimeWeekly"][0] - 1}
    cases: list[tuple[str, bytes]] = [
        ("not_utf8", b'{"student_id": "\xff\xfe"}'),
        ("not_json", b'{"student_id": 1, "student": {'),
        ("not_json", b'{"student_id": 1, "student": {"Absences": NaN}}'),
        ("not_an_object", b"[1, 2, 3]"),
        ("not_an_object", b'"a student"'),
        ("missing_field", encode({"student_id": 9001, "student": without})),
        ("missing_field", encode({"student": student})),
        ("wrong_type", encode({"student_id": 9002, "student": {**student, "Sports": "yes"}})),
        ("wrong_type", encode({"student_id": 9003, "student": {**student, "Music": True}})),
        ("not_whole", encode({"student_id": 9004, "student": {**student, "Absences": 2.5}})),
        ("out_of_range", encode({"student_id": 9005, "student": {**student, "Absences": above}})),
        ("out_of_range", encode({"student_id": 9006, "student": {**student, **below}})),
        # An aggregate ends with an MD5 digest, here a wrong one.
        ("bad_aggregate", MAGIC + bytes(2 * DIGEST_BYTES)),
    ]
    return [Event(data, f"bad-{number}", code=code) for number, (code, data) in enumerate(cases)]


def shifted(students: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Draw ``count`` students whose absences rose by five and study time fell by four hours.

    The rule has changed as well: a day away costs half of what it did. GPA and grade are simulated
    by that rule, so a model of the old one is wrong until late labels teach it better.
    """
    rng = np.random.default_rng(seed)
    rows = students.iloc[rng.integers(0, len(students), count)].reset_index(drop=True).copy()
    rows["Absences"] = (rows["Absences"] + 5).clip(*_RANGES["Absences"])
    rows["StudyTimeWeekly"] = (rows["StudyTimeWeekly"] - 4).clip(*_RANGES["StudyTimeWeekly"])
    effects = EFFECTS | {"Absences": EFFECTS["Absences"] / 2}
    mean = INTERCEPT + sum(effect * rows[name] for name, effect in effects.items())
    rows["GPA"] = (mean + rng.normal(0, NOISE_SD, count)).clip(*GPA_RANGE)
    rows[TARGET] = grade_class(rows["GPA"].to_numpy())
    rows["student_id"] = np.arange(100_001, 100_001 + count)
    return rows


def mixed(good: list[Event], bad: list[Event], seed: int) -> list[Event]:
    """Spread the bad records among the good ones: first, last, and in between."""
    rng = np.random.default_rng(seed)
    middle = [*good, *bad[1:-1]]
    order = rng.permutation(len(middle))
    return [*bad[:1], *(middle[i] for i in order), *bad[-1:]]


def encode(value: object) -> bytes:
    """JSON bytes, compact."""
    return json.dumps(value, separators=(",", ":")).encode()
