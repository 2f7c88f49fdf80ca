"""The output records: their shape, and their bytes."""

from datetime import datetime, timezone
from typing import NamedTuple

import msgspec

from contract.events import PREDICTION_SCHEMA
from contract.features import FEATURES
from contract.grades import GRADES
from inference.stream.events import Event
from inference.stream.problems import Problem, Rejection

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


class Advice(msgspec.Struct, frozen=True, gc=False):
    """One lever's effect: GPA points and probability of a better grade than predicted now.

    ``start`` and ``end`` are named from and to in JSON.
    """

    feature: str
    start: int | float = msgspec.field(name="from")
    end: int | float = msgspec.field(name="to")
    gpa_change: float
    better_grade_probability_change: float


class Ok(msgspec.Struct, frozen=True, gc=False):
    """A prediction."""

    schema: str
    prediction_id: str
    request_id: str | None
    status: str
    model: str
    version: str
    run_id: str
    prediction: Prediction
    features: msgspec.Struct
    guidance: list[Advice] | msgspec.UnsetType
    event_time: str
    predicted_at: str
    year_elapsed: float | msgspec.UnsetType


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """A typed rejection."""

    schema: str
    prediction_id: str
    request_id: str | None
    status: str
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
    model, version, run_id, predicted_at = source
    prediction, features, guidance = body
    return _encode(
        Ok(  # by position: keywords cost a third of the whole encoding
            PREDICTION_SCHEMA,
            prediction_id,
            event.request_id,
            "ok",
            model,
            version,
            run_id,
            prediction,
            features,
            guidance,
            event_time,
            predicted_at,
            msgspec.UNSET if event.year_elapsed is None else event.year_elapsed,
        )
    )


def rejected(prediction_id: str, event_time: str, rejection: Rejection, source: Source) -> bytes:
    """Return the JSON of a typed rejection."""
    model, version, run_id, predicted_at = source
    return _encode(
        Rejected(
            PREDICTION_SCHEMA,
            prediction_id,
            rejection.request_id,
            "rejected",
            model,
            version,
            run_id,
            rejection.student_id,
            rejection.problems,
            event_time,
            predicted_at,
        )
    )


def now_text() -> str:
    """Return the present time as answers state it: UTC with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
