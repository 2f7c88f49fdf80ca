"""Cutting windows: tumbling, by count with a time limit, per model version.

A window is an interval of row numbers, so what belongs to it never changes: evaluating it again
gives the same figures. The clock is the database's alone (when rows came in), so neither a
producer's clock nor this machine's can hold a window open or close it early.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg2.extensions import cursor as Cursor

from monitoring.settings import WindowSettings
from monitoring.storage import database

SCORED: Final = "scored"
LABELLED: Final = "labelled"


class Window(NamedTuple):
    """A closed window: rows of ``version`` with after_row < number <= last_row."""

    window_id: int
    kind: str
    version: str
    after_row: int
    last_row: int
    row_count: int
    rejected_count: int
    closed_by: str


_COLUMNS: Final = (
    "window_id, kind, version, after_row, last_row, row_count, rejected_count, closed_by"
)


def load(cursor: Cursor, window_id: int) -> Window | None:
    """Return a window by its number, or None."""
    cursor.execute(f"SELECT {_COLUMNS} FROM windows WHERE window_id = %s", (window_id,))
    row = cursor.fetchone()
    return None if row is None else Window(*row)


def previous(cursor: Cursor, window: Window) -> dict[str, Any] | None:
    """Return verdict and drifted columns of the window before, of the same kind and version."""
    windows = database.rows(
        cursor,
        "SELECT verdict, drifted FROM windows WHERE kind = %s AND version = %s"
        " AND last_row <= %s AND window_id <> %s ORDER BY last_row DESC LIMIT 1",
        (window.kind, window.version, window.after_row, window.window_id),
    )
    return windows[0] if windows else None


def versions(cursor: Cursor) -> list[str]:
    """Return the model versions seen, oldest first."""
    cursor.execute("SELECT version FROM model_versions ORDER BY first_seen, version")
    return [row[0] for row in cursor.fetchall()]


def _position(cursor: Cursor, kind: str, version: str) -> int:
    return int(
        database.scalar(
            cursor,
            "SELECT coalesce(max(last_row), 0) FROM windows WHERE kind = %s AND version = %s",
            (kind, version),
        )
    )


def _insert(cursor: Cursor, window: Window, first: Any, last: Any) -> Window:
    cursor.execute(
        "INSERT INTO windows (kind, version, after_row, last_row, row_count, rejected_count,"
        " closed_by, first_event, last_event) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " RETURNING window_id",
        (*window[1:], first, last),
    )
    row = cursor.fetchone()
    return window._replace(window_id=row[0] if row else 0)


def _waiting(cursor: Cursor, table: str, version: str, after: int, limit: int) -> list[Any]:
    """Return (row_number, ingested_at, event_time) of rows not yet in a window, in order."""
    cursor.execute(
        f"SELECT row_number, ingested_at, event_time FROM {table}"
        " WHERE version = %s AND row_number > %s ORDER BY row_number LIMIT %s",
        (version, after, limit),
    )
    return list(cursor.fetchall())


def _expired(cursor: Cursor, oldest: datetime, seconds: float) -> bool:
    return bool(
        database.scalar(
            cursor, "SELECT clock_timestamp() - %s > make_interval(secs => %s)", (oldest, seconds)
        )
    )


def cut_scored(cursor: Cursor, version: str, settings: WindowSettings) -> Window | None:
    """Close the next window of predictions of a version, if it is full or its time is up.

    While more than ``catch_up_backlog`` windows wait (the worker was away for days), windows of
    ``catch_up_rows`` are cut: ten times the rows for the same price, and the same tests hold.
    Rejections belong to the window in whose interval of numbers they fall; a stretch of nothing
    but rejections closes as a window of no rows.
    """
    after = _position(cursor, SCORED, version)
    full = settings.rows
    backlog = settings.rows * settings.catch_up_backlog
    scored = _waiting(cursor, "predictions", version, after, full)
    if len(scored) == full and _waiting_more_than(cursor, version, after, backlog):
        full = settings.catch_up_rows
        scored = _waiting(cursor, "predictions", version, after, full)
    rejected = _waiting(cursor, "rejections", version, after, 100_000)
    if len(scored) == full:
        last, closed_by = scored[-1][0], "count"
    elif scored or rejected:
        oldest = min(rows[0][1] for rows in (scored, rejected) if rows)
        if not _expired(cursor, oldest, settings.limit_seconds):
            return None
        last, closed_by = max(rows[-1][0] for rows in (scored, rejected) if rows), "time"
    else:
        return None
    rejected = [row for row in rejected if row[0] <= last]
    events = [row[2] for row in (*scored, *rejected)]
    window = Window(0, SCORED, version, after, last, len(scored), len(rejected), closed_by)
    return _insert(cursor, window, min(events), max(events))


def _waiting_more_than(cursor: Cursor, version: str, after: int, rows: int) -> bool:
    beyond = database.scalar(
        cursor,
        "SELECT row_number FROM predictions WHERE version = %s AND row_number > %s"
        " ORDER BY row_number OFFSET %s LIMIT 1",
        (version, after, rows),
    )
    return beyond is not None


def cut_labelled(cursor: Cursor, version: str, settings: WindowSettings) -> Window | None:
    """Close the next window of labelled predictions of a version when it is full.

    Labels come weeks late and in bursts; a half-full window says nothing about f1-macro, so there
    is no time limit: it waits for its labels.
    """
    after = _position(cursor, LABELLED, version)
    cursor.execute(
        "SELECT label_number, event_time FROM ground_truth WHERE version = %s"
        " AND label_number > %s ORDER BY label_number LIMIT %s",
        (version, after, settings.label_rows),
    )
    labels = cursor.fetchall()
    if len(labels) < settings.label_rows:
        return None
    events = [row[1] for row in labels]
    window = Window(0, LABELLED, version, after, labels[-1][0], len(labels), 0, "count")
    return _insert(cursor, window, min(events), max(events))
