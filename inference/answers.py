"""The output records: their shape, and their bytes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Literal, NamedTuple

import msgspec

from inference.contract import FEATURES, GRADES, PREDICTION_SCHEMA
from inference.events import Event
from inference.guidance import Advice
from inference.problems import Problem, Rejection

Probabilities = msgspec.defstruct(
    "Probabilities", [(grade, float) for grade in GRADES], frozen=True, gc=False
)
"""Probability by grade, in GRADES order."""

UsedFeatures = msgspec.defstruct(
    "UsedFeatures", [(f.name, int if f.whole else float) for f in FEATURES], frozen=True, gc=False
)
"""The nine features as the model saw them, in contract order."""


class Prediction(msgspec.Struct, frozen=True, gc=False):
    """What the model says about one student."""

    student_id: int | str
    grade_class: int = msgspec.field(name="GradeClass")
    grade: str
    gpa: float = msgspec.field(name="GPA")
    probabilities: msgspec.Struct


class Ok(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A prediction."""

    schema: Literal["student-performance.prediction/1"] = PREDICTION_SCHEMA
    prediction_id: str
    request_id: str | None
    status: Literal["ok"] = "ok"
    model: str
    version: str
    run_id: str
    prediction: Prediction
    features: msgspec.Struct
    guidance: list[Advice] | msgspec.UnsetType = msgspec.UNSET
    event_time: str
    predicted_at: str


class Rejected(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A typed rejection."""

    schema: Literal["student-performance.prediction/1"] = PREDICTION_SCHEMA
    prediction_id: str
    request_id: str | None
    status: Literal["rejected"] = "rejected"
    model: str
    version: str
    run_id: str
    student_id: int | str | None
    errors: tuple[Problem, ...]
    event_time: str
    predicted_at: str


class Source(NamedTuple):
    """What all answers of a batch share: the model that answers, and when."""

    model: str
    version: str
    run_id: str
    predicted_at: str


Body = tuple[Prediction, msgspec.Struct, "list[Advice] | msgspec.UnsetType"]
"""Prediction, used features, guidance."""

_encode = msgspec.json.Encoder().encode


def ok(prediction_id: str, event_time: str, event: Event, body: Body, source: Source) -> bytes:
    """Return the JSON of a prediction."""
    return _encode(
        Ok(
            prediction_id=prediction_id,
            request_id=event.request_id,
            model=source.model,
            version=source.version,
            run_id=source.run_id,
            prediction=body[0],
            features=body[1],
            guidance=body[2],
            event_time=event_time,
            predicted_at=source.predicted_at,
        )
    )


def rejected(prediction_id: str, event_time: str, rejection: Rejection, source: Source) -> bytes:
    """Return the JSON of a typed rejection."""
    return _encode(
        Rejected(
            prediction_id=prediction_id,
            request_id=rejection.request_id,
            model=source.model,
            version=source.version,
            run_id=source.run_id,
            student_id=rejection.student_id,
            errors=rejection.problems,
            event_time=event_time,
            predicted_at=source.predicted_at,
        )
    )


def now_text() -> str:
    """Return the present time as answers state it: UTC with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
