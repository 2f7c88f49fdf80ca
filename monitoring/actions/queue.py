"""The outbox table: entries put in once, claimed one by one, and how each stands."""

import json
from typing import Any, NamedTuple

from psycopg2.extensions import cursor as Cursor


class Entry(NamedTuple):
    """A due entry of the outbox."""

    outbox_id: int
    dedupe_key: str
    kind: str
    incident_id: int
    payload: dict[str, Any]
    state: str
    attempts: int
    result: dict[str, Any]


def enqueue(cursor: Cursor, kind: str, key: str, incident_id: int, payload: dict[str, Any]) -> bool:
    """Put an action into the outbox once; return whether it was new."""
    cursor.execute(
        "INSERT INTO outbox (dedupe_key, kind, incident_id, payload) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (dedupe_key) DO NOTHING",
        (key, kind, incident_id, json.dumps(payload)),
    )
    return bool(cursor.rowcount == 1)


def claim(cursor: Cursor, after: int) -> Entry | None:
    """Lock the next due entry after number ``after`` that no other worker holds, or None."""
    cursor.execute(
        "SELECT outbox_id, dedupe_key, kind, incident_id, payload, state, attempts,"
        " coalesce(result, '{}') FROM outbox WHERE state IN ('pending', 'running')"
        " AND next_attempt_at <= clock_timestamp() AND outbox_id > %s"
        " ORDER BY outbox_id LIMIT 1 FOR UPDATE SKIP LOCKED",
        (after,),
    )
    row = cursor.fetchone()
    return None if row is None else Entry(*row)


def finish(
    cursor: Cursor, entry: Entry, state: str, result: dict[str, Any], error: str | None = None
) -> None:
    """End an entry, and say in ``error`` what was in its way."""
    cursor.execute(
        "UPDATE outbox SET state = %s, result = %s, last_error = %s, attempts = attempts + 1,"
        " finished_at = clock_timestamp() WHERE outbox_id = %s",
        (state, json.dumps(result), error, entry.outbox_id),
    )


def begin(cursor: Cursor, entry: Entry, result: dict[str, Any], pause: float) -> None:
    """Note that an entry's work goes on elsewhere; look again after ``pause`` seconds."""
    cursor.execute(
        "UPDATE outbox SET state = 'running', result = %s, last_error = NULL,"
        " attempts = attempts + 1, started_at = clock_timestamp(),"
        " next_attempt_at = clock_timestamp() + make_interval(secs => %s) WHERE outbox_id = %s",
        (json.dumps(result), pause, entry.outbox_id),
    )


def wait(cursor: Cursor, entry: Entry, why: str, pause: float) -> None:
    """Look again later; waiting is not a failed attempt."""
    cursor.execute(
        "UPDATE outbox SET last_error = %s, next_attempt_at = clock_timestamp()"
        " + make_interval(secs => %s) WHERE outbox_id = %s",
        (why, pause, entry.outbox_id),
    )


def retry(cursor: Cursor, entry: Entry, error: str, pause: float) -> None:
    """Count a failed attempt and try again after ``pause`` seconds."""
    cursor.execute(
        "UPDATE outbox SET attempts = attempts + 1, last_error = %s,"
        " next_attempt_at = clock_timestamp() + make_interval(secs => %s) WHERE outbox_id = %s",
        (error[:2000], pause, entry.outbox_id),
    )


def give_up(cursor: Cursor, entry: Entry, error: str) -> None:
    """Count the last failed attempt and end the entry; what it had come to stays."""
    cursor.execute(
        "UPDATE outbox SET state = 'dead', attempts = attempts + 1, last_error = %s,"
        " finished_at = clock_timestamp() WHERE outbox_id = %s",
        (error[:2000], entry.outbox_id),
    )
