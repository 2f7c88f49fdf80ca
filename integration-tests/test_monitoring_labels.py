"""Ground truth on real Postgres: by id or student and time, once, with conflicts told."""

from __future__ import annotations

import csv
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from monitoring.errors import LabelError
from monitoring.ingest import label_file
from monitoring.ingest.consumer import Consumer
from monitoring.ingest.labels import LabelSink, resolve_pending
from tests.monitoring.support import cohort, store
from tests.monitoring.support.kinesis import FakeKinesis

pytest_plugins = ["tests.monitoring.support.services"]

EVENT = (datetime.now(UTC) - timedelta(days=21)).replace(hour=12, minute=0, second=0, microsecond=0)
"""When the students were predicted: what is too long ago is taken for no arrival time at all."""


def _after(days: float, zone: timezone = UTC) -> str:
    return (EVENT + timedelta(days=days)).astimezone(zone).isoformat()


def _id(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"test/{number}"))


def _predictions(connection: Connection, count: int = 10, **arguments: Any) -> None:
    records = cohort.predictions(cohort.students(count, 5), start=EVENT, **arguments)
    store.ingest(connection, cohort.encoded(records))


def _file(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_labels_by_prediction_id_are_stored_once(connection: Connection, tmp_path: Path) -> None:
    """GIVEN ten predictions and a file of their grades WHEN it is loaded twice
    THEN ten labels are stored and the second load changes nothing."""
    _predictions(connection)
    rows = [{"prediction_id": _id(k), "GradeClass": k % 5, "GPA": ""} for k in range(1, 11)]
    path = _file(tmp_path / "labels.csv", rows)
    assert label_file.load(connection, path).startswith("10 labels: 10 stored, 0 known already")
    before = store.fetch(connection, "SELECT * FROM ground_truth ORDER BY prediction_id")
    assert label_file.load(connection, path).startswith("10 labels: 0 stored, 10 known already")
    assert store.fetch(connection, "SELECT * FROM ground_truth ORDER BY prediction_id") == before
    assert store.one(connection, "SELECT count(*) FROM label_conflicts") == 0


def test_labels_by_student_and_time_meet_the_latest_prediction_before(
    connection: Connection, tmp_path: Path
) -> None:
    """GIVEN a student predicted on two days WHEN grades known between and after arrive
    THEN each belongs to the latest prediction up to its time."""
    _predictions(connection, 1, space="first")
    for days, space in ((0, "test"), (5, "later")):
        records = cohort.predictions(
            cohort.students(1, 6), start=EVENT + timedelta(days=days), space=space
        )
        store.ingest(connection, cohort.encoded(records))
    east = timezone(timedelta(hours=1))
    rows = [
        {"student_id": "1", "time": _after(0.5), "GradeClass": "", "GPA": "3.2"},
        {"student_id": "1", "time": _after(17.5, east), "GradeClass": "4", "GPA": ""},
        {"student_id": "1", "time": _after(-32), "GradeClass": "2", "GPA": ""},
    ]
    said = label_file.load(connection, _file(tmp_path / "labels.csv", rows))
    assert "2 stored" in said and "1 without a prediction yet" in said
    labels = store.fetch(
        connection, "SELECT event_time, grade_class FROM ground_truth ORDER BY event_time"
    )
    assert [((row["event_time"] - EVENT).days, row["grade_class"]) for row in labels] == [
        (0, 1),
        (5, 4),
    ]


def test_a_second_different_label_is_a_conflict_and_the_first_stays(
    connection: Connection, tmp_path: Path
) -> None:
    """GIVEN a labelled prediction WHEN another grade comes for it, twice
    THEN the first stays and one conflict is reported."""
    _predictions(connection, 1)
    first = _file(tmp_path / "a.csv", [{"prediction_id": _id(1), "GradeClass": 0}])
    other = _file(tmp_path / "b.csv", [{"prediction_id": _id(1), "GradeClass": 3}])
    label_file.load(connection, first)
    assert "1 in conflict" in label_file.load(connection, other)
    label_file.load(connection, other)
    (conflict,) = store.fetch(connection, "SELECT * FROM label_conflicts")
    assert (conflict["kept_class"], conflict["offered_class"]) == (0, 3)
    assert conflict["source"] == "file b.csv"
    assert store.one(connection, "SELECT grade_class FROM ground_truth") == 0


def test_a_label_that_comes_before_its_prediction_waits(
    connection: Connection, tmp_path: Path
) -> None:
    """GIVEN a label for a prediction still to come WHEN the prediction is stored
    THEN the next step joins them and nothing is left waiting."""
    path = _file(tmp_path / "a.csv", [{"prediction_id": _id(1), "GradeClass": 2}])
    assert "1 without a prediction yet" in label_file.load(connection, path)
    assert resolve_pending(connection) == 0
    _predictions(connection, 1)
    assert resolve_pending(connection) == 1
    assert store.one(connection, "SELECT grade_class FROM ground_truth") == 2
    assert store.one(connection, "SELECT count(*) FROM pending_labels") == 0


def test_labels_on_a_stream_are_stored_once_and_bad_ones_are_dead_letters(
    connection: Connection,
) -> None:
    """GIVEN label records, two of them repeated and three unusable, WHEN the stream is consumed
    THEN each prediction has its label and the three are dead letters."""
    _predictions(connection)
    good = [json.dumps({"prediction_id": _id(k), "GradeClass": 1}).encode() for k in range(1, 6)]
    good.append(json.dumps({"student_id": 7, "time": _after(2.5), "GPA": 1.0}).encode())
    bad = [b"[]", b'{"GradeClass": 7, "student_id": 1}', b'{"student_id": 1, "GradeClass": 1}']
    kinesis = FakeKinesis()
    kinesis.open("a")
    kinesis.put("a", [*good, *bad, *good[:2]])
    consumer = Consumer(kinesis, "labels", LabelSink("labels"))
    assert consumer.step(connection) == 11
    labels = store.fetch(connection, "SELECT grade_class FROM ground_truth ORDER BY grade_class")
    assert [row["grade_class"] for row in labels] == [1, 1, 1, 1, 1, 4]
    assert store.one(connection, "SELECT count(*) FROM dead_letters") == 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prediction_id": "x", "GradeClass": 1}, "line 2"),
        ({"prediction_id": _id(1), "GradeClass": 5}, "line 2, GradeClass: accepted are whole"),
        ({"prediction_id": _id(1), "GradeClass": "B"}, "line 2, GradeClass: not a number"),
        ({"prediction_id": _id(1), "GPA": "nan"}, "line 2, GPA: accepted is a number from 0 to 4"),
        ({"prediction_id": _id(1), "GPA": "4.5"}, "line 2, GPA: accepted is a number from 0 to 4"),
        ({"prediction_id": _id(1), "GradeClass": ""}, "line 2, GradeClass: missing"),
        ({"student_id": "1", "time": "", "GPA": "2"}, "student_id and time, must say"),
        ({"student_id": "1", "time": "2026-11-05T00:00:00", "GPA": "2"}, "needs a time zone"),
        ({"pupil": "1", "GPA": "2"}, "columns are prediction_id or student_id and time"),
    ],
)
def test_a_bad_file_says_where_and_stores_nothing(
    connection: Connection, tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    """GIVEN a file with an unusable row WHEN it is loaded
    THEN the error names line and column and not one label is stored."""
    with pytest.raises(LabelError, match=message):
        label_file.load(connection, _file(tmp_path / "bad.csv", [row]))
    assert store.one(connection, "SELECT count(*) FROM ground_truth") == 0


def test_training_reads_labelled_rows_without_demographics(
    connection: Connection, tmp_path: Path
) -> None:
    """GIVEN labelled predictions WHEN the view for training is read
    THEN it has features, true and predicted class, whose row it is (training keeps a pseudonym of
    that), and no demographics."""
    _predictions(connection, 3)
    rows = [{"prediction_id": _id(k), "GradeClass": 2, "GPA": 2.6} for k in (1, 2)]
    label_file.load(connection, _file(tmp_path / "a.csv", rows))
    rows_of_view = store.fetch(connection, "SELECT * FROM labelled_predictions")
    assert len(rows_of_view) == 2
    assert rows_of_view[0]["GradeClass"] == 2 and rows_of_view[0]["GPA"] == pytest.approx(2.6)
    assert {"Absences", "StudyTimeWeekly", "version", "predicted_grade_class"} <= set(
        rows_of_view[0]
    )
    assert rows_of_view[0]["student_id"] in ("1", "2")
    assert not {"Age", "Gender", "Ethnicity"} & set(rows_of_view[0])
