"""Students and predictions for monitoring's tests: the data's own formula, seeded.

GPA = clip(2.5 + .03 StudyTimeWeekly - .1 Absences + .25 Tutoring + .15 ParentalSupport + .2
Extracurricular + .2 Sports + .15 Music + N(0, .2), 0, 4); adversarial AUC against the real rows is
.49-.51, so what holds here holds there.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from contract.events import PREDICTION_SCHEMA
from contract.features import FEATURE_NAMES, FEATURES
from contract.grades import GPA_CUTOFFS, GRADES

NOISE = 0.2
LABEL_NOISE = 0.0875
CODES = ("missing_field", "out_of_range", "not_json")


def students(
    rows: int, seed: int, *, shifted: bool = False, tutoring: float = 0.30
) -> pd.DataFrame:
    """Return features, true GPA and true GradeClass; ``shifted``: Absences +5, StudyTime -4."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "ParentalEducation": rng.choice(5, rows, p=(0.10, 0.30, 0.39, 0.15, 0.06)),
            "StudyTimeWeekly": rng.uniform(0, 20, rows),
            "Absences": rng.integers(0, 30, rows),
            "Tutoring": (rng.random(rows) < tutoring).astype(int),
            "ParentalSupport": rng.choice(5, rows, p=(0.09, 0.20, 0.31, 0.29, 0.11)),
            "Extracurricular": (rng.random(rows) < 0.38).astype(int),
            "Sports": (rng.random(rows) < 0.30).astype(int),
            "Music": (rng.random(rows) < 0.20).astype(int),
            "Volunteering": (rng.random(rows) < 0.16).astype(int),
        }
    )
    if shifted:
        frame["Absences"] += 5
        frame["StudyTimeWeekly"] = (frame["StudyTimeWeekly"] - 4).clip(lower=0)
    gpa = expected_gpa(frame) + rng.normal(0, NOISE, rows)
    frame["GPA"] = gpa.clip(0, 4)
    frame["GradeClass"] = grade(frame["GPA"].to_numpy())
    wrong = rng.random(rows) < LABEL_NOISE
    frame.loc[wrong, "GradeClass"] = rng.integers(0, 5, int(wrong.sum()))
    return frame


def expected_gpa(frame: pd.DataFrame) -> np.ndarray:
    """Return the formula's mean GPA."""
    return np.asarray(
        2.5
        + 0.03 * frame["StudyTimeWeekly"]
        - 0.1 * frame["Absences"]
        + 0.25 * frame["Tutoring"]
        + 0.15 * frame["ParentalSupport"]
        + 0.2 * frame["Extracurricular"]
        + 0.2 * frame["Sports"]
        + 0.15 * frame["Music"]
    )


def grade(gpa: np.ndarray) -> np.ndarray:
    """Return GradeClass of GPAs."""
    return len(GPA_CUTOFFS) - np.searchsorted(GPA_CUTOFFS[::-1], gpa, side="right")


def probabilities(mean: np.ndarray) -> np.ndarray:
    """Return the calibrated class probabilities (n x 5) of the GPA-Gaussian model."""
    upper = stats.norm.cdf((np.array([*GPA_CUTOFFS[::-1], np.inf])[None] - mean[:, None]) / NOISE)
    shares = np.diff(upper, axis=1, prepend=0.0)[:, ::-1]
    return (1 - LABEL_NOISE) * shares + LABEL_NOISE / len(GRADES)


def reference(rows: int = 1674, seed: int = 1, *, shifted: bool = False) -> pd.DataFrame:
    """Return a reference set as training writes it."""
    frame = students(rows, seed, shifted=shifted)
    mean = expected_gpa(frame)
    shares = probabilities(mean)
    frame["predicted_GradeClass"] = shares.argmax(axis=1)
    frame["gpa"] = mean.clip(0, 4)
    for k, name in enumerate(GRADES):
        frame[f"p_{name}"] = shares[:, k]
    return frame


def predictions(
    frame: pd.DataFrame,
    *,
    version: str = "1",
    start: datetime | None = None,
    step: timedelta = timedelta(milliseconds=1),
    first_id: int = 1,
    space: str = "test",
) -> Iterator[dict[str, Any]]:
    """Yield the output records of a cohort, as the design states them."""
    start = start or datetime.now(UTC)
    mean = expected_gpa(frame)
    shares = probabilities(mean)
    for k, row in enumerate(frame[list(FEATURE_NAMES)].to_dict("records")):
        at = start + k * step
        answer = int(shares[k].argmax())
        yield {
            "schema": PREDICTION_SCHEMA,
            "prediction_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{space}/{first_id + k}")),
            "request_id": None,
            "status": "ok",
            "model": "student-performance",
            "version": version,
            "run_id": "run",
            "prediction": {
                "student_id": first_id + k,
                "GradeClass": answer,
                "grade": GRADES[answer],
                "GPA": round(float(np.clip(mean[k], 0, 4)), 4),
                "probabilities": dict(zip(GRADES, map(float, shares[k]), strict=True)),
            },
            "features": {f.name: int(row[f.name]) if f.whole else row[f.name] for f in FEATURES},
            "event_time": at.isoformat().replace("+00:00", "Z"),
            "predicted_at": (at + timedelta(milliseconds=40)).isoformat().replace("+00:00", "Z"),
        }


def rejections(
    count: int, *, start: datetime | None = None, first_id: int = 1, space: str = "rejected"
) -> Iterator[dict[str, Any]]:
    """Yield typed rejections."""
    start = start or datetime.now(UTC)
    for k in range(count):
        at = (start + timedelta(milliseconds=k)).isoformat().replace("+00:00", "Z")
        yield {
            "schema": PREDICTION_SCHEMA,
            "prediction_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{space}/{first_id + k}")),
            "status": "rejected",
            "student_id": None,
            "errors": [{"code": CODES[k % 3], "field": "student.Absences", "message": "..."}],
            "event_time": at,
            "predicted_at": at,
        }


def encoded(documents: Iterator[dict[str, Any]]) -> list[bytes]:
    """Return records as the stream carries them."""
    return [json.dumps(document).encode() for document in documents]


def records(count: int, seed: int = 5, **arguments: Any) -> list[bytes]:
    """Return the encoded predictions of a seeded cohort; ``arguments`` are those of `predictions`."""
    return encoded(predictions(students(count, seed), **arguments))
