"""Connections to Postgres and the two locks the whole of monitoring rests on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

SCHEMA: Final = "monitoring"
DASHBOARD_ROLE: Final = "grafana_ro"
"""The role dashboards read as; it cannot read a student's row."""

INGEST_LOCK: Final = 7_340_001
"""Transaction lock of every writer of numbered rows: row numbers then become visible in order, so a
reader may use the last one it saw as its position. Without it a slow transaction can commit row 150
after a window has been cut at row 200."""

EVALUATE_LOCK: Final = 7_340_002
"""Session lock of the one worker that cuts windows; rivals stand by."""

MIGRATE_LOCK: Final = 7_340_003

RETRAIN_LOCK: Final = 7_340_004
"""Transaction lock of whoever is about to start a retraining: there is one at a time."""

TRANSIENT: Final = (psycopg2.OperationalError, psycopg2.InterfaceError)
"""What a database that is away, restarting or failing over raises: wait and connect again."""


def connect(url: str, application: str = "monitoring") -> Connection:
    """Open a connection: UTC, the project's schema first, dead peers noticed within a minute."""
    return psycopg2.connect(
        url,
        application_name=application,
        connect_timeout=5,
        keepalives=1,
        keepalives_idle=20,
        keepalives_interval=10,
        keepalives_count=3,
        options=f"-c search_path={SCHEMA} -c timezone=UTC",
    )


def reason(error: psycopg2.Error) -> str:
    """Return what the database refused, for a log: Postgres's own words may repeat the row."""
    named = error.diag.constraint_name or error.diag.column_name or error.diag.table_name
    return " ".join(filter(None, (type(error).__name__, error.pgcode, named)))


@contextmanager
def transaction(connection: Connection) -> Iterator[Cursor]:
    """Give a cursor; commit at the end, roll back on any error."""
    try:
        with connection.cursor() as cursor:
            yield cursor
        connection.commit()
    except BaseException:
        if not connection.closed:
            try:
                connection.rollback()
            except TRANSIENT:
                connection.close()
        raise


def rows(cursor: Cursor, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
    """Run a query and return its rows by column name."""
    cursor.execute(sql, parameters)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def scalar(cursor: Cursor, sql: str, parameters: Any = None) -> Any:
    """Run a query and return the first column of its first row, or None."""
    cursor.execute(sql, parameters)
    row = cursor.fetchone()
    return None if row is None else row[0]
