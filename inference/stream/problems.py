"""What can be wrong with one record: the typed problems a rejected answer lists.

Messages are fixed texts made from the contract. They never hold a value of the record, so no
personal data can leave through an error.
"""

import msgspec

from contract.events import MAX_EVENT_BYTES, MAX_REQUEST_ID_LENGTH, MAX_STUDENT_ID_LENGTH
from contract.features import FEATURES

MAX_NESTING = 64
"""Deepest accepted nesting of objects and arrays; a valid event needs two."""


class Problem(msgspec.Struct, frozen=True, gc=False):
    """One problem: a stable code, the field's path (None for the record as a whole), a message."""

    code: str
    field: str | None
    message: str


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """A record that cannot be scored, with every problem found and what of it could be read."""

    problems: tuple[Problem, ...]
    student_id: int | str | None = None
    request_id: str | None = None


NOT_BASE64 = Problem("not_utf8", None, "the record's data is not base64 text, so it has no bytes")
NOT_UTF8 = Problem("not_utf8", None, "the record must be UTF-8 text")
NOT_JSON = Problem("not_json", None, "the record must be one JSON document (RFC 8259)")
BYTE_ORDER_MARK = Problem(
    "not_json", None, "the record must not start with a UTF-8 byte order mark (EF BB BF)"
)
TOO_DEEP = Problem("not_json", None, f"the record must nest at most {MAX_NESTING} levels")
NOT_AN_OBJECT = Problem("not_an_object", None, "the record must be a JSON object")
TOO_LARGE = Problem("too_large", None, f"the record must have at most {MAX_EVENT_BYTES} bytes")
BAD_AGGREGATE = Problem(
    "bad_aggregate", None, "the KPL aggregate is damaged: its digest or its structure is wrong"
)
MODEL_FAILED = Problem(
    "model_failed", None, "the record is valid, but the model cannot answer it; others it can"
)
DEADLY = Problem(
    "model_failed", None, "processes died one after the other when they answered this record alone"
)

_ID = f"student_id must be a 64-bit integer or a string of 1 to {MAX_STUDENT_ID_LENGTH} characters"
ID_MISSING = Problem("missing_field", "student_id", _ID)
ID_TYPE = Problem("wrong_type", "student_id", _ID)
ID_NOT_WHOLE = Problem("not_whole", "student_id", _ID)
ID_RANGE = Problem("out_of_range", "student_id", _ID)
ID_NOT_TEXT = Problem("not_utf8", "student_id", "student_id must not hold a lone surrogate")

_REQUEST = f"request_id must be a string of at most {MAX_REQUEST_ID_LENGTH} characters"
REQUEST_TYPE = Problem("wrong_type", "request_id", _REQUEST)
REQUEST_RANGE = Problem("out_of_range", "request_id", _REQUEST)
REQUEST_NOT_TEXT = Problem("not_utf8", "request_id", "request_id must not hold a lone surrogate")

EXPLAIN_TYPE = Problem("wrong_type", "explain", "explain must be true or false")

_ELAPSED = "year_elapsed must be a number over 0 up to 1 (share of the school year so far)"
ELAPSED_TYPE = Problem("wrong_type", "year_elapsed", _ELAPSED)
ELAPSED_RANGE = Problem("out_of_range", "year_elapsed", _ELAPSED)

_STUDENT = "student must be an object with the nine features"
STUDENT_MISSING = Problem("missing_field", "student", _STUDENT)
STUDENT_TYPE = Problem("wrong_type", "student", _STUDENT)


class FeatureProblems(msgspec.Struct, frozen=True):
    """The problems one feature can have."""

    missing: Problem
    wrong_type: Problem
    not_whole: Problem
    out_of_range: Problem


def _feature_problems() -> dict[str, FeatureProblems]:
    problems = {}
    for feature in FEATURES:
        kind = "whole number" if feature.whole else "number"
        field = f"student.{feature.name}"
        accepted = (
            f"{field} must be a {kind} from {feature.minimum} to {feature.maximum} ({feature.unit})"
        )
        problems[feature.name] = FeatureProblems(
            *(
                Problem(code, field, accepted)
                for code in ("missing_field", "wrong_type", "not_whole", "out_of_range")
            )
        )
    return problems


FEATURE_PROBLEMS = _feature_problems()
