"""What the events and answers on the streams agree on: schema, limits, rejection codes."""

from typing import Final

PREDICTION_SCHEMA: Final = "student-performance.prediction/1"

MAX_EVENT_BYTES: Final = 1_048_576
"""The largest accepted event (one Kinesis record's data), in bytes."""

MAX_STUDENT_ID_LENGTH: Final = 128
MAX_REQUEST_ID_LENGTH: Final = 128

YEAR_ELAPSED: Final = "year_elapsed"
"""The event's optional field: the share of the school year Absences covers; absent means all of it."""

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
    "model_failed",
)
