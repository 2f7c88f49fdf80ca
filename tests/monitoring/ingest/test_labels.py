"""A label as it is written, checked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from monitoring.errors import LabelError
from monitoring.ingest.batch import StreamRecord
from monitoring.ingest.labels import Label, LabelSink, Wire, make_label

PREDICTION = UUID("6f3f4a5e-0000-4000-8000-000000000001")
KNOWN = datetime(2026, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wire", "label"),
    [
        (Wire(prediction_id=PREDICTION, GradeClass=2), Label(2, None, PREDICTION)),
        (Wire(prediction_id=PREDICTION, GPA=3.5), Label(0, 3.5, PREDICTION)),
        (Wire(prediction_id=PREDICTION, GPA=3.49), Label(1, 3.49, PREDICTION)),
        (Wire(prediction_id=PREDICTION, GPA=0.0, GradeClass=1), Label(1, 0.0, PREDICTION)),
        (Wire(prediction_id=PREDICTION, GPA=1e-320), Label(4, 0.0, PREDICTION)),
        (Wire(student_id=7.0, time=KNOWN, GradeClass=4), Label(4, None, None, "7", KNOWN)),
    ],
)
def test_a_label_names_its_prediction_or_its_student_and_time(wire: Wire, label: Label) -> None:
    """GIVEN a label in an accepted form WHEN checked THEN grade and whose it is."""
    assert make_label(wire) == label


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (Wire(schema="other/1", prediction_id=PREDICTION, GradeClass=1), "schema: accepted is"),
        (Wire(prediction_id=PREDICTION), "GradeClass: missing"),
        (Wire(prediction_id=PREDICTION, GradeClass=5), "GradeClass: accepted are whole numbers"),
        (Wire(prediction_id=PREDICTION, GPA=float("nan")), "GPA: accepted is a number from 0 to 4"),
        (Wire(student_id="7", GradeClass=1), "must say whose label it is"),
        (Wire(student_id=2.0**53, time=KNOWN, GradeClass=1), "student_id: written with a point"),
        (Wire(student_id="7", time=KNOWN.replace(tzinfo=None), GradeClass=1), "needs a time zone"),
    ],
)
def test_what_is_no_label_is_told_by_field(wire: Wire, words: str) -> None:
    """GIVEN a label that lacks something WHEN checked THEN LabelError names the field."""
    with pytest.raises(LabelError, match=words):
        make_label(wire)


def test_the_same_label_has_the_same_key_and_any_other_another() -> None:
    """GIVEN two labels WHEN they differ in one point THEN in their keys, too."""
    label = Label(2, 2.6, PREDICTION)
    assert label.key == Label(2, 2.6, PREDICTION).key
    others: list[dict[str, Any]] = [{"grade_class": 3}, {"gpa": None}, {"student_id": "7"}]
    assert len({label.key, *(label._replace(**other).key for other in others)}) == 4


def test_bad_records_of_the_stream_are_dead_letters() -> None:
    """GIVEN label records WHEN decoded THEN labels, and a dead letter for each that is none."""
    good = json.dumps({"prediction_id": str(PREDICTION), "GradeClass": 1}).encode()
    data = [good, b"[]", b"{}", b"\xff", good]
    records = [StreamRecord(str(k), body) for k, body in enumerate(data)]
    batch = LabelSink("labels").decode(records, KNOWN)
    assert batch.labels == [Label(1, None, PREDICTION)] * 2
    assert [letter.sequence_number for letter in batch.dead] == ["1", "2", "3"]
