"""The failure queue as it was when last looked at: what was given up and waits for `make redrive`.

SQS tells how many messages there are, not how old they are. ``since`` is when the queue was last
seen empty (or first looked at), so no message is older than that.
"""

from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from monitoring.storage import database
from monitoring.storage.events import note

_STORE: Final = (
    "INSERT INTO failure_queue AS known (waiting, hidden, since)"
    " VALUES (%(waiting)s, %(hidden)s,"
    " CASE WHEN %(waiting)s + %(hidden)s > 0 THEN clock_timestamp() END)"
    " ON CONFLICT (only_one) DO UPDATE SET waiting = excluded.waiting, hidden = excluded.hidden,"
    " since = CASE WHEN excluded.since IS NOT NULL THEN coalesce(known.since, known.looked_at) END,"
    " looked_at = clock_timestamp() RETURNING since"
)

DEPTH_SQL: Final = (
    f"SELECT (waiting + hidden)::float8 AS value FROM {database.SCHEMA}.failure_queue"
)
AGE_SQL: Final = (
    "SELECT coalesce(extract(epoch FROM now() - since), 0)::float8 AS value"
    f" FROM {database.SCHEMA}.failure_queue"
)
"""Seconds that the oldest message may have waited at most; 0 while there is none."""


def store(cursor: Cursor, waiting: int, hidden: int) -> None:
    """Keep what was seen; a queue that fills or empties is an event."""
    before = database.scalar(cursor, "SELECT since FROM failure_queue FOR UPDATE")
    since = database.scalar(cursor, _STORE, {"waiting": waiting, "hidden": hidden})
    if since is not None and before is None:
        count = waiting + hidden
        text = f"{count} {'batch' if count == 1 else 'batches'} given up: make redrive"
        note(cursor, f"given-up:{since.isoformat()}:filled", "alarm", "", text)
    elif since is None and before is not None:
        text = "nothing given up waits any more"
        note(cursor, f"given-up:{before.isoformat()}:emptied", "resolved", "", text)


def read(cursor: Cursor) -> dict[str, Any] | None:
    """Return batches, since, seconds and looked_at; None where nobody has looked yet."""
    found = database.rows(
        cursor,
        "SELECT waiting + hidden AS batches, since,"
        " coalesce(extract(epoch FROM now() - since), 0)::float8 AS seconds, looked_at"
        " FROM failure_queue",
    )
    return found[0] if found else None
