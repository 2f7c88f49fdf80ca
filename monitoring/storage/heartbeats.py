"""The worker's loops by name, and when each was last heard of.

Everything that speaks of a loop (its heartbeat, the dashboards' SQL, the alert, ``status``, the
health check) is made from the objects here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from monitoring.storage import database

SILENT_SECONDS: Final = 120
"""A watched loop not heard of for so long is taken for dead; each reports every ten seconds."""


@dataclass(frozen=True)
class Loop:
    """A loop of the worker; one that is ``watched`` must not be silent."""

    name: str
    watched: bool = True


INGEST: Final = Loop("ingest")
LABEL_STREAM: Final = Loop("label stream")
LABELS: Final = Loop("labels")
WATCH: Final = Loop("watch")
REPORTS: Final = Loop("reports")
OUTBOX: Final = Loop("outbox")
# what it cannot see, another's rights may be the reason of: no fault of the worker
FAILURE_QUEUE: Final = Loop("failure queue", watched=False)
# dropping a year of rows may take longer than two minutes, and a restart would begin it again
RETENTION: Final = Loop("retention", watched=False)

LOOPS: Final = (INGEST, LABEL_STREAM, LABELS, WATCH, REPORTS, OUTBOX, FAILURE_QUEUE, RETENTION)
WATCHED: Final = tuple(loop.name for loop in LOOPS if loop.watched)

_NAMES: Final = ", ".join(f"'{name}'" for name in WATCHED)
QUIETEST_SQL: Final = (
    "SELECT coalesce(max(extract(epoch FROM now() - beat_at)), 1e6)::float8 AS value"
    f" FROM {database.SCHEMA}.heartbeats WHERE part IN ({_NAMES})"
)
"""Seconds since the quietest watched loop was last heard of; a very large number if none ever was."""

ALL_SQL: Final = (
    f"SELECT part AS loop, part IN ({_NAMES}) AS watched, beat_at AS heard,"
    f" extract(epoch FROM now() - beat_at)::float8 AS seconds FROM {database.SCHEMA}.heartbeats"
    " ORDER BY beat_at, part"
)
"""Every loop that runs, the quietest first."""


def beat(cursor: Cursor, loop: Loop) -> None:
    """Report that the loop is alive."""
    cursor.execute(
        "INSERT INTO heartbeats (part) VALUES (%s) ON CONFLICT (part)"
        " DO UPDATE SET beat_at = clock_timestamp()",
        (loop.name,),
    )


def forget(cursor: Cursor, running: Sequence[Loop]) -> None:
    """Drop the reports of loops that do not run any more, for example of a stream taken away."""
    names = [loop.name for loop in running]
    cursor.execute("DELETE FROM heartbeats WHERE part <> ALL(%s)", (names,))


def read(cursor: Cursor) -> list[dict[str, Any]]:
    """Return loop, watched, heard and seconds of every loop that runs, the quietest first."""
    return database.rows(cursor, ALL_SQL)


def silent(loops: list[dict[str, Any]]) -> list[str]:
    """Name the watched loops that have been quiet for too long; ["ingest"] if none ever reported."""
    watched = [loop for loop in loops if loop["watched"]]
    late = sorted(loop["loop"] for loop in watched if loop["seconds"] > SILENT_SECONDS)
    return late if watched else [INGEST.name]
