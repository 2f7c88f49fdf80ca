"""Decoding records of the predictions stream."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.features import FEATURE_NAMES, FEATURES
from monitoring.ingest.record import Rejected, Scored, UnreadableError, decode
from tests.monitoring.support import cohort


def _record(**changes: Any) -> dict[str, Any]:
    return {**next(cohort.predictions(cohort.students(1, 1))), **changes}


def test_a_prediction_is_read_in_contract_order() -> None:
    """GIVEN a record of the design WHEN decoded THEN features stand in contract order."""
    record = _record()
    decoded = decode(json.dumps(record).encode())
    assert isinstance(decoded, Scored)
    assert decoded.features == tuple(float(record["features"][f.name]) for f in FEATURES)
    assert str(decoded.prediction_id) == record["prediction_id"]
    assert sum(decoded.probabilities) == pytest.approx(1)


def test_a_number_too_small_for_the_table_is_zero() -> None:
    """GIVEN a valid 1e-320, which Postgres refuses as a real WHEN decoded THEN it is stored as 0."""
    record = _record()
    record["features"]["StudyTimeWeekly"] = 1e-320
    record["prediction"]["GPA"] = -1e-320
    record["prediction"]["probabilities"] = {"A": 1e-320, "B": 1e-30, "C": 1, "D": 0, "F": 0}
    decoded = decode(json.dumps(record).encode())
    assert isinstance(decoded, Scored)
    assert decoded.features[FEATURE_NAMES.index("StudyTimeWeekly")] == decoded.gpa == 0
    assert decoded.probabilities == (0, 1e-30, 1, 0, 0)


def test_a_rejection_keeps_codes_and_fields_only() -> None:
    """GIVEN a rejection without version WHEN decoded THEN codes and fields, nothing else of it."""
    record = next(cohort.rejections(1))
    record["errors"][0]["message"] = "secret"
    decoded = decode(json.dumps(record).encode())
    assert isinstance(decoded, Rejected)
    assert (decoded.codes, decoded.fields) == (("missing_field",), ("student.Absences",))
    assert "secret" not in repr(decoded)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schema": "student-performance.prediction/2"}, "unknown_schema"),
        ({"status": "maybe"}, "not_prediction"),
        ({"prediction_id": "17"}, "not_prediction"),
        ({"event_time": "2026-01-01T00:00:00"}, "bad_value"),
        ({"features": {"Absences": 3}}, "bad_value"),
        ({"features": {f.name: f.maximum + 1 for f in FEATURES}}, "bad_value"),
        ({"features": {f.name: 0.5 for f in FEATURES}}, "bad_value"),
        ({"version": None}, "not_prediction"),
        ({"version": "7" * 129}, "bad_value"),
    ],
)
def test_what_is_no_prediction_is_refused_with_a_code(changes: dict[str, Any], code: str) -> None:
    """GIVEN a record that breaks the contract in one point WHEN decoded THEN its code says which."""
    with pytest.raises(UnreadableError) as refusal:
        decode(json.dumps(_record(**changes)).encode())
    assert refusal.value.code == code


@pytest.mark.parametrize("student", ["", "x" * 129])
def test_a_student_id_outside_the_contract_is_refused(student: str) -> None:
    """GIVEN an empty id or one of 129 characters (an index entry could not hold any length)
    WHEN decoded THEN refused."""
    record = _record()
    record["prediction"]["student_id"] = student
    with pytest.raises(UnreadableError, match="student_id is not 1-128"):
        decode(json.dumps(record).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_never_quoted(data: bytes) -> None:
    """GIVEN any bytes WHEN decoded THEN UnreadableError, without the bytes in its words."""
    with pytest.raises(UnreadableError) as refusal:
        decode(data)
    if len(data) > 8:
        assert data.decode("latin-1") not in str(refusal.value)


@given(st.text(max_size=20))
def test_messages_do_not_repeat_values(text: str) -> None:
    """GIVEN a personal text where a number is due WHEN refused THEN the text is not in the words."""
    record = _record(status=f"Jane Doe {text}")
    with pytest.raises(UnreadableError) as refusal:
        decode(json.dumps(record).encode())
    assert "Jane" not in str(refusal.value)
