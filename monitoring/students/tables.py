"""A student's rows in Postgres: found, given out, erased.

His id reaches the server by COPY, so that no statement that may be logged holds it.
"""

from typing import Any, Final

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from monitoring.ingest import csv_rows
from monitoring.storage import database

_OF_HIS_PREDICTIONS: Final = "t.prediction_id IN (SELECT prediction_id FROM asked_predictions)"
_OF_HIM: Final = "t.student_id IN (SELECT student_id FROM asked)"
# What names a prediction goes before the predictions, by which it is found.
TABLES: Final = {
    "pending_labels": f"({_OF_HIM} OR {_OF_HIS_PREDICTIONS})",
    "label_conflicts": _OF_HIS_PREDICTIONS,
    "ground_truth": _OF_HIS_PREDICTIONS,
    "predictions": _OF_HIM,
}


def ask(cursor: Cursor, student: str) -> None:
    """Say whose rows the other functions are about, for this transaction."""
    cursor.execute("CREATE TEMP TABLE asked (student_id text) ON COMMIT DROP")
    csv_rows.copy(cursor, "asked", [(student,)])
    cursor.execute(
        "CREATE TEMP TABLE asked_predictions ON COMMIT DROP AS"
        f" SELECT t.prediction_id FROM predictions t WHERE {_OF_HIM}"
    )


def predictions(cursor: Cursor) -> list[str]:
    """Return the ids of his predictions."""
    cursor.execute("SELECT prediction_id::text FROM asked_predictions")
    return [name for (name,) in cursor.fetchall()]


def count(cursor: Cursor) -> dict[str, int]:
    """Return how many of his rows each table holds."""
    return {
        table: int(database.scalar(cursor, f"SELECT count(*) FROM {table} t WHERE {condition}"))
        for table, condition in TABLES.items()
    }


def export(cursor: Cursor) -> dict[str, list[dict[str, Any]]]:
    """Return his rows by table."""
    return {
        table: database.rows(cursor, f"SELECT t.* FROM {table} t WHERE {condition}")
        for table, condition in TABLES.items()
    }


def erase(cursor: Cursor) -> None:
    """Delete his rows; the caller holds the ingest lock."""
    for table, condition in TABLES.items():
        cursor.execute(f"DELETE FROM {table} t WHERE {condition}")


def vacuum(connection: Connection) -> None:
    """Free the space of deleted rows, and take the planner's statistics anew: they name values."""
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
    finally:
        connection.autocommit = False
