"""Predictions and labels straight into the database, through the program's own writers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from monitoring.ingest import predictions
from monitoring.ingest.batch import Counts, StreamRecord
from monitoring.ingest.labels import Label, LabelCounts, apply
from monitoring.storage import database


def ingest(connection: Connection, records: list[bytes]) -> Counts:
    """Write records as the consumer would."""
    stream = [StreamRecord(str(k), data) for k, data in enumerate(records)]
    batch = predictions.decode(stream, datetime.now(UTC))
    with database.transaction(connection) as cursor:
        predictions.stage(cursor, batch)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.INGEST_LOCK,))
        return predictions.write(cursor, batch)


def label(connection: Connection, labels: list[Label], source: str = "test") -> LabelCounts:
    """Write labels as the file loader would."""
    with database.transaction(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.INGEST_LOCK,))
        return apply(cursor, labels, source)


def fetch(connection: Connection, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
    """Run a query in a transaction of its own."""
    with database.transaction(connection) as cursor:
        return database.rows(cursor, sql, parameters)


def one(connection: Connection, sql: str, parameters: Any = None) -> Any:
    """Return the first column of the first row."""
    with database.transaction(connection) as cursor:
        return database.scalar(cursor, sql, parameters)


def execute(connection: Connection, sql: str) -> None:
    """Run a statement."""
    with database.transaction(connection) as cursor:
        cursor.execute(sql)
