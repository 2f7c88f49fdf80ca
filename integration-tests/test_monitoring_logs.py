"""No log of Postgres or of monitoring repeats a student's id, whatever goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from localcloud.services.postgres import Postgres
from monitoring.ingest import label_file, predictions
from monitoring.ingest.consumer import Consumer
from tests.monitoring.support import cohort, store
from tests.monitoring.support.kinesis import FakeKinesis

pytest_plugins = ["tests.monitoring.support.services"]

CANARY = "canary-7391"
KNOWN_AT = (datetime.now(UTC) - timedelta(days=2)).isoformat()


@pytest.fixture(name="said")
def said_fixture(postgres_server: Postgres, connection: Connection) -> Iterator[list[str]]:
    """What Postgres logs during a test that has every statement logged, errors and slow ones too."""
    with connection.cursor() as cursor:
        cursor.execute("SET log_min_duration_statement = 0; SET log_min_error_statement = 'error'")
    connection.commit()
    start, lines = postgres_server.log.stat().st_size, list[str]()
    yield lines
    connection.rollback()
    with postgres_server.log.open("rb") as log:
        log.seek(start)
        lines.append(log.read().decode())
    assert "statement: " in lines[0], "the server logged no statement: the test proves nothing"
    assert CANARY not in lines[0]


def _labels(path: Path) -> Path:
    path.write_text(f"student_id,time,GradeClass\n{CANARY},{KNOWN_AT},2\n", encoding="utf-8")
    return path


def test_labels_reach_postgres_without_their_ids_in_a_statement(
    said: list[str], connection: Connection, tmp_path: Path
) -> None:
    """GIVEN a server that logs every statement WHEN a label file is loaded THEN its log has no id."""
    assert not said
    assert "1 without a prediction yet" in label_file.load(connection, _labels(tmp_path / "l.csv"))


def test_a_refused_label_is_not_repeated_in_the_log(
    said: list[str], connection: Connection, tmp_path: Path
) -> None:
    """GIVEN labels that the table refuses WHEN they are loaded THEN the error's details, which hold
    the row, do not reach the log."""
    assert not said
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pending_labels ADD CHECK (grade_class > 4)")
    connection.commit()
    with pytest.raises(psycopg2.IntegrityError):
        label_file.load(connection, _labels(tmp_path / "l.csv"))


def test_a_refused_prediction_is_in_no_log(
    said: list[str], connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """GIVEN a prediction that the table refuses WHEN it is ingested THEN neither Postgres nor the
    worker repeats the row."""
    assert not said
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE predictions ADD CHECK (gpa > 100)")
    connection.commit()
    record = next(cohort.predictions(cohort.students(1, 5)))
    record["prediction"]["student_id"] = CANARY
    kinesis = FakeKinesis()
    kinesis.open("shard")
    kinesis.put("shard", cohort.encoded(iter([record])))
    consumer = Consumer(kinesis, "predictions", predictions)
    with caplog.at_level(logging.DEBUG):
        consumer.step(connection)
    assert store.one(connection, "SELECT count(*) FROM dead_letters") == 1
    assert "is refused" in caplog.text and CANARY not in caplog.text
