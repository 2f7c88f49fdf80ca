"""The checkpoint of a shard: moved only by a consumer that still agrees where it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor

from monitoring.errors import FencedError


class Stream(NamedTuple):
    """Which stream: one made anew under a name in use is another one."""

    name: str
    created: datetime


class Checkpoint(NamedTuple):
    """How far a shard has been read; ``sequence_number`` None means not at all.

    Then it begins where the worker's start says, or at the shard's first record if ``from_start``.
    """

    shard_id: str
    sequence_number: str | None
    parents: tuple[str, ...]
    finished: bool
    from_start: bool = False


def discard_earlier(cursor: Cursor, stream: Stream) -> int:
    """Forget the streams that had this name before; return how many shards were known of them."""
    cursor.execute(
        "DELETE FROM consumer_checkpoint WHERE stream = %s AND stream_created <> %s"
        " RETURNING shard_id",
        stream,
    )
    return len(cursor.fetchall())


def load(cursor: Cursor, stream: Stream) -> dict[str, Checkpoint]:
    """Return the checkpoints of a stream by shard."""
    cursor.execute(
        "SELECT shard_id, sequence_number, parents, finished, from_start FROM consumer_checkpoint"
        " WHERE stream = %s AND stream_created = %s",
        stream,
    )
    return {
        shard: Checkpoint(shard, number, tuple(parents), finished, from_start)
        for shard, number, parents, finished, from_start in cursor.fetchall()
    }


def register(
    cursor: Cursor, stream: Stream, shard_id: str, parents: Sequence[str], from_start: bool
) -> None:
    """Make a shard known; a shard that is known keeps its place."""
    cursor.execute(
        "INSERT INTO consumer_checkpoint (stream, stream_created, shard_id, parents, from_start)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (*stream, shard_id, list(parents), from_start),
    )


def fence(cursor: Cursor, stream: Stream, shard_id: str, expected: str | None) -> None:
    """Lock the checkpoint until commit; raises FencedError if another consumer has moved it.

    Sequence numbers are opaque texts of up to 128 digits, leading zeros included where a service
    gives them: they are kept and compared as they came.
    """
    cursor.execute(
        "SELECT sequence_number FROM consumer_checkpoint WHERE stream = %s AND stream_created = %s"
        " AND shard_id = %s FOR UPDATE",
        (*stream, shard_id),
    )
    row = cursor.fetchone()
    actual = None if row is None else row[0]
    if row is None or actual != expected:
        raise FencedError(shard_id, expected, actual)


def advance(
    cursor: Cursor, stream: Stream, shard_id: str, sequence_number: str, behind: int | None
) -> None:
    """Move a fenced checkpoint to the last record of the batch."""
    cursor.execute(
        "UPDATE consumer_checkpoint SET sequence_number = %s, millis_behind = %s,"
        " updated_at = clock_timestamp()"
        " WHERE stream = %s AND stream_created = %s AND shard_id = %s",
        (sequence_number, behind, *stream, shard_id),
    )


def finish(cursor: Cursor, stream: Stream, shard_id: str) -> None:
    """Mark a closed shard as read to its end, so that its children may be read."""
    cursor.execute(
        "UPDATE consumer_checkpoint SET finished = true, millis_behind = 0,"
        " updated_at = clock_timestamp()"
        " WHERE stream = %s AND stream_created = %s AND shard_id = %s",
        (*stream, shard_id),
    )
