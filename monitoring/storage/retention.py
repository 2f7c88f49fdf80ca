"""Partitions ahead of time, and old data out: whole months dropped, small tables trimmed."""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from monitoring.storage import database, tombstones

_LOG = logging.getLogger(__name__)
_PARTITION: Final = re.compile(r"^(predictions|rejections)_(\d{4})_(\d{2})$")
_AHEAD: Final = timedelta(days=35)
_TRIMMED: Final = (
    ("ingest_batches", "committed_at"),
    ("rejection_counts", "minute"),
    ("label_counts", "minute"),
    ("dead_letters", "received_at"),
    ("pending_labels", "received_at"),
    ("ground_truth", "event_time"),
)


def month_end(name: str) -> datetime | None:
    """Return the end of the month a partition holds, or None if it is no partition of ours."""
    match = _PARTITION.match(name)
    if not match:
        return None
    year, month = int(match[2]), int(match[3])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def keep(connection: Connection, days: int) -> list[str]:
    """Make next month's partitions and drop what is older than ``days``; return what was dropped.

    Windows, their figures, incidents and events stay: they are small and are the history. Figures
    that a re-evaluation would need are gone with the rows, by intent.
    """
    dropped = []
    with database.transaction(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.INGEST_LOCK,))
        now = database.scalar(cursor, "SELECT clock_timestamp()")
        cursor.execute("SELECT ensure_partitions(%s, %s)", (now, now + _AHEAD))
        oldest = now - timedelta(days=days)
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (database.SCHEMA,))
        for (name,) in cursor.fetchall():
            end = month_end(name)
            if end is not None and end <= oldest:
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
                dropped.append(name)
        for table, column in _TRIMMED:
            cursor.execute(
                sql.SQL("DELETE FROM {} WHERE {} < %s").format(
                    sql.Identifier(table), sql.Identifier(column)
                ),
                (oldest,),
            )
        tombstones.expire(cursor)
    if dropped:
        _LOG.info("retention dropped %s", ", ".join(sorted(dropped)))
    return sorted(dropped)
