"""The proof that a student was forgotten, kept in Postgres; it names him by a keyed hash."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import Json

from monitoring.storage import database

SCHEMA = "student-performance.forgotten/1"


class Receipt(NamedTuple):
    """What was found, when it was erased, and until when a stream may still hold a record."""

    student: str
    begun_at: datetime
    finished_at: datetime | None
    clear_at: datetime
    found: dict[str, Any]


def newest(cursor: Cursor, student: str) -> Receipt | None:
    """Return the newest receipt of a pseudonym."""
    found = database.rows(
        cursor,
        "SELECT student, begun_at, finished_at, clear_at, found FROM forget_receipts"
        " WHERE student = %s ORDER BY begun_at DESC LIMIT 1",
        (student,),
    )
    return Receipt(**found[0]) if found else None


def begin(cursor: Cursor, student: str, clear_at: datetime, found: dict[str, Any]) -> None:
    """Note what is about to be erased; an unfinished receipt goes on with what it noted first."""
    standing = newest(cursor, student)
    if standing is None or standing.finished_at is not None:
        cursor.execute(
            "INSERT INTO forget_receipts (student, clear_at, found) VALUES (%s, %s, %s)",
            (student, clear_at, Json(found)),
        )
    else:
        cursor.execute(
            "UPDATE forget_receipts SET clear_at = %s WHERE student = %s AND begun_at = %s",
            (clear_at, student, standing.begun_at),
        )


def finish(cursor: Cursor, student: str) -> None:
    """Note that nothing was left."""
    cursor.execute(
        "UPDATE forget_receipts SET finished_at = clock_timestamp()"
        " WHERE student = %s AND finished_at IS NULL",
        (student,),
    )


def document(receipt: Receipt, streams: dict[str, int], now: datetime) -> dict[str, Any]:
    """Return the receipt for people and files."""
    return {
        "schema": SCHEMA,
        **msgspec.to_builtins(receipt._asdict()),
        "left": 0,
        "streams": streams,
        "complete": receipt.finished_at is not None and now >= receipt.clear_at,
    }
