"""The consumer: every shard of one stream into Postgres, exactly once.

Rows and the shard's checkpoint are one transaction. A rival (a second worker, an old one that was
thought dead) fails on the fence and starts again from the checkpoint; a redelivered record meets
its own prediction_id. Nothing is lost because the checkpoint never passes an uncommitted row.
"""

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg2
from botocore.exceptions import ClientError
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from monitoring.clients import error_code
from monitoring.errors import FencedError
from monitoring.ingest import checkpoint
from monitoring.ingest.batch import Counts, DeadLetter, StreamRecord, dead_letter
from monitoring.ingest.checkpoint import Checkpoint, Stream
from monitoring.ingest.shard import THROTTLED, Read, Reader, identify, list_shards, readable
from monitoring.storage import database

_LOG = logging.getLogger(__name__)
_REFRESH_SECONDS = 10.0
_ISOLATED = (psycopg2.DataError, psycopg2.IntegrityError)


class Sink(Protocol):
    """Where a stream's records go: decoded first, staged, then written under the ingest lock.

    The module ``predictions`` is one, ``LabelSink`` another.
    """

    def decode(self, records: Sequence[StreamRecord], now: datetime) -> Any:
        """Decode records into a batch with ``records`` and ``dead``."""

    def stage(self, cursor: Cursor, batch: Any) -> None:
        """Bring the batch to the server."""

    def write(self, cursor: Cursor, batch: Any) -> Counts:
        """Write the staged batch."""


class Consumer:
    """Reads one stream and writes it through a sink, on one database connection."""

    def __init__(
        self, client: Any, stream: str, sink: Sink, *, start: str = "TRIM_HORIZON", rows: int = 1000
    ) -> None:
        self._client = client
        # not known yet which: no stream was made that early
        self._stream = Stream(stream, datetime.min.replace(tzinfo=UTC))
        self._sink = sink
        self._rows = rows
        self._reader = Reader(client, stream, start)
        self._known: dict[str, Checkpoint] = {}
        self._refreshed = float("-inf")

    def refresh(self, connection: Connection) -> None:
        """Learn which stream it is, its shards and where each stands."""
        stream = identify(self._client, self._stream.name)
        shards = list_shards(self._client, self._stream.name)
        with database.transaction(connection) as cursor:
            earlier = checkpoint.discard_earlier(cursor, stream)
            for shard in shards:
                # all that a stream made anew holds has come since
                whole = earlier > 0
                checkpoint.register(cursor, stream, shard.shard_id, shard.parents, whole)
            loaded = checkpoint.load(cursor, stream)
        if earlier:
            _LOG.warning(
                "stream %s was made anew: checkpoints of %d earlier shards are discarded",
                self._stream.name,
                earlier,
            )
        if stream != self._stream:
            self._stream, self._known = stream, {}
        alive = {shard.shard_id for shard in shards}
        for shard_id, place in loaded.items():
            if self._known.get(shard_id) != place:
                self._reader.seek(shard_id)
        # a shard the service no longer lists has been trimmed away, read or not
        self._known = {
            shard_id: place if shard_id in alive else place._replace(finished=True)
            for shard_id, place in loaded.items()
        }
        self._refreshed = time.monotonic()

    def step(self, connection: Connection) -> int:
        """Read every readable shard once; return the number of records taken.

        Raises psycopg2's operational errors when the database is away; nothing is lost then, the
        next step reads from the checkpoint again.
        """
        if time.monotonic() - self._refreshed > _REFRESH_SECONDS:
            self.refresh(connection)
        taken = 0
        for place in readable(self._known.values()):
            try:
                taken += self._shard(connection, place)
            except FencedError as error:
                _LOG.info("fenced: %s", error)
                self._refreshed = float("-inf")
            except BaseException as error:
                if isinstance(error, ClientError) and error_code(error) in THROTTLED:
                    _LOG.warning("shard %s is throttled; trying again", place.shard_id)
                    continue
                self._reader.seek(place.shard_id)
                # the shard may be gone, the stream another one
                self._refreshed = float("-inf")
                raise
        return taken

    def _shard(self, connection: Connection, place: Checkpoint) -> int:
        read = self._reader.read(place, self._rows)
        if read.records:
            try:
                self._commit(connection, place, read)
            except _ISOLATED as error:
                _LOG.warning(
                    "a batch of shard %s is refused (%s); one by one",
                    place.shard_id,
                    database.reason(error),
                )
                self._one_by_one(connection, place, read)
            place = place._replace(sequence_number=read.records[-1].sequence_number)
        if read.closed:
            with database.transaction(connection) as cursor:
                checkpoint.fence(cursor, self._stream, place.shard_id, place.sequence_number)
                checkpoint.finish(cursor, self._stream, place.shard_id)
            place = place._replace(finished=True)
            self._refreshed = float("-inf")
        self._known[place.shard_id] = place
        return len(read.records)

    def _one_by_one(self, connection: Connection, place: Checkpoint, read: Read) -> None:
        """Write a refused batch record by record; what the database refuses is a dead letter."""
        for record in read.records:
            try:
                self._commit(connection, place, read._replace(records=[record]))
            except _ISOLATED:
                letter = dead_letter(record, "refused", "the database refused the row")
                with database.transaction(connection) as cursor:
                    checkpoint.fence(cursor, self._stream, place.shard_id, place.sequence_number)
                    self._bury(cursor, place.shard_id, [letter])
                    checkpoint.advance(
                        cursor,
                        self._stream,
                        place.shard_id,
                        record.sequence_number,
                        read.millis_behind,
                    )
            place = place._replace(sequence_number=record.sequence_number)

    def _commit(self, connection: Connection, place: Checkpoint, read: Read) -> None:
        with database.transaction(connection) as cursor:
            now = database.scalar(cursor, "SELECT clock_timestamp()")
            batch = self._sink.decode(read.records, now)
            self._sink.stage(cursor, batch)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.INGEST_LOCK,))
            checkpoint.fence(cursor, self._stream, place.shard_id, place.sequence_number)
            counts = self._sink.write(cursor, batch)
            self._bury(cursor, place.shard_id, batch.dead)
            cursor.execute(
                "INSERT INTO ingest_batches (stream, shard_id, records, inserted, rejected,"
                " duplicates, dead, lag_p50, lag_p95, millis_behind)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (self._stream.name, place.shard_id, *counts, read.millis_behind),
            )
            last = read.records[-1].sequence_number
            checkpoint.advance(cursor, self._stream, place.shard_id, last, read.millis_behind)

    def _bury(self, cursor: Cursor, shard_id: str, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            cursor.execute(
                "INSERT INTO dead_letters (stream, shard_id, sequence_number, code, reason, size,"
                " sha256) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (self._stream.name, shard_id, *letter),
            )
