"""One record of the predictions stream, decoded and checked before it may touch the database."""

import math
from datetime import datetime
from operator import itemgetter, le
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from contract.events import MAX_STUDENT_ID_LENGTH, PREDICTION_SCHEMA
from contract.features import FEATURE_NAMES, FEATURES
from contract.grades import GRADES
from contract.pseudonym import student_key
from monitoring.errors import MonitoringError

_LOWEST: Final = tuple(f.minimum for f in FEATURES)
_HIGHEST: Final = tuple(f.maximum for f in FEATURES)
_WHOLE: Final = itemgetter(*(place for place, f in enumerate(FEATURES) if f.whole))
_SMALLEST: Final = 1e-37
"""Closer to zero Postgres refuses a number as out of the range of a real."""

_NAME_LIMIT: Final = 64
_VERSION_LIMIT: Final = 128
"""Longer texts would not fit into an index, and Postgres says so in a way that looks transient."""


class UnreadableError(MonitoringError):
    """The record is not one of the predictions contract; ``code`` says in which way."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class _Answer(msgspec.Struct):
    student_id: str | int | float
    GradeClass: int
    GPA: float
    probabilities: dict[str, float]


class _Ok(msgspec.Struct, tag_field="status", tag="ok"):
    schema: str
    prediction_id: UUID
    version: str
    prediction: _Answer
    features: dict[str, float]
    event_time: datetime
    predicted_at: datetime


class _Problem(msgspec.Struct):
    code: str
    field: str | None = None


class _Rejected(msgspec.Struct, tag_field="status", tag="rejected"):
    schema: str
    prediction_id: UUID
    errors: list[_Problem]
    event_time: datetime
    predicted_at: datetime
    version: str | None = None


class Scored(NamedTuple):
    """A prediction as it is stored: features in contract order, probabilities in GRADES order."""

    prediction_id: UUID
    event_time: datetime
    predicted_at: datetime
    student_id: str
    version: str
    grade_class: int
    gpa: float
    probabilities: tuple[float, ...]
    features: tuple[float, ...]


class Rejected(NamedTuple):
    """A typed rejection as it is stored: codes and field names only."""

    prediction_id: UUID
    event_time: datetime
    predicted_at: datetime
    version: str
    codes: tuple[str, ...]
    fields: tuple[str, ...]


_DECODER: Final = msgspec.json.Decoder(_Ok | _Rejected)


def decode(data: bytes) -> Scored | Rejected:
    """Decode one record; raises UnreadableError (not_prediction, unknown_schema, bad_value).

    Messages name fields and accepted values and never repeat what the record holds.
    """
    try:
        record = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError("not_prediction", _shape(error)) from error
    if record.schema != PREDICTION_SCHEMA:
        raise UnreadableError("unknown_schema", f"schema is not {PREDICTION_SCHEMA}")
    if record.event_time.tzinfo is None or record.predicted_at.tzinfo is None:
        raise UnreadableError("bad_value", "event_time and predicted_at need a time zone")
    if isinstance(record, _Rejected):
        return _rejected(record)
    return _scored(record)


def _shape(error: Exception) -> str:
    """Return msgspec's words where they speak of types and paths, never of values."""
    if isinstance(error, msgspec.ValidationError):
        text = str(error)
        return text if "Invalid value" not in text else "status is neither ok nor rejected"
    return "not the JSON of a prediction record"


def _rejected(record: _Rejected) -> Rejected:
    if not record.errors:
        raise UnreadableError("bad_value", "a rejection lists no error")
    return Rejected(
        record.prediction_id,
        record.event_time,
        record.predicted_at,
        _version(record.version or ""),
        tuple(_plain(problem.code) for problem in record.errors),
        tuple(_plain(problem.field or "") for problem in record.errors),
    )


def _plain(text: str) -> str:
    return text.replace("\0", "")[:_NAME_LIMIT]


def _version(text: str) -> str:
    if len(text) > _VERSION_LIMIT or "\0" in text:
        raise UnreadableError("bad_value", f"version is longer than {_VERSION_LIMIT} characters")
    return text


def _outside(features: tuple[float, ...]) -> str:
    """Name the first feature that breaks the contract, and what is accepted."""
    for feature, value in zip(FEATURES, features, strict=True):
        if not feature.minimum <= value <= feature.maximum or (feature.whole and value % 1):
            text = f"{feature.name} is outside {feature.minimum}-{feature.maximum}"
            return f"{text} or not whole" if feature.whole else text
    raise AssertionError("every feature is within the contract")


def as_real(value: float) -> float:
    """Return what Postgres can store as a real; what is too close to zero becomes zero."""
    return value if abs(value) >= _SMALLEST else 0.0


def _scored(record: _Ok) -> Scored:
    answer = record.prediction
    student = student_key(answer.student_id)
    if not 1 <= len(student) <= MAX_STUDENT_ID_LENGTH:
        raise UnreadableError(
            "bad_value", f"student_id is not 1-{MAX_STUDENT_ID_LENGTH} characters long"
        )
    if not 0 <= answer.GradeClass < len(GRADES):
        raise UnreadableError("bad_value", f"GradeClass is outside 0-{len(GRADES) - 1}")
    if not math.isfinite(answer.GPA) or abs(answer.GPA) > 1000:
        raise UnreadableError("bad_value", "GPA is not a plausible number")
    try:
        probabilities = tuple(map(answer.probabilities.__getitem__, GRADES))
        features = tuple(map(record.features.__getitem__, FEATURE_NAMES))
    except KeyError as error:
        raise UnreadableError("bad_value", f"{error.args[0]} is missing") from error
    if min(probabilities) < 0 or max(probabilities) > 1 or abs(sum(probabilities) - 1) > 1e-3:
        raise UnreadableError("bad_value", "probabilities are not five shares of 1")
    if not (
        all(map(le, _LOWEST, features))
        and all(map(le, features, _HIGHEST))
        and all(map(float.is_integer, _WHOLE(features)))
    ):
        raise UnreadableError("bad_value", _outside(features))
    return Scored(
        record.prediction_id,
        record.event_time,
        record.predicted_at,
        student,
        _version(record.version),
        answer.GradeClass,
        as_real(answer.GPA),
        tuple(map(as_real, probabilities)),
        tuple(map(as_real, features)),
    )
