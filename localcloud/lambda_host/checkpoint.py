"""Where each shard's processing stands, on disk: a crash leaves the old or the new state.

A stream that was deleted and made anew has the same name, ARN and shard ids, but nothing of the
earlier one; the time of its creation tells them apart.
"""

import logging
import os
import threading
from pathlib import Path
from typing import Self

import msgspec

from localcloud.errors import CheckpointError

_LOG = logging.getLogger("lambda_host")


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where to go on in a shard: after a sequence number, else from a time, else from its start.

    Nowhere any more where it is ``closed``.
    """

    sequence_number: str | None = None
    timestamp: float | None = None
    closed: bool = False


class _File(msgspec.Struct):
    stream: str
    shards: dict[str, Position]
    created: float = 0.0


class Checkpoints:
    """The positions of one mapping; ``save`` returns once they are on disk."""

    def __init__(self, path: Path, stream: str, created: float) -> None:
        self._path = path
        self._stream = stream
        self.created = created
        self._retired = False
        self._lock = threading.Lock()
        self._shards: dict[str, Position] = {}
        self.existed = path.exists()
        if self.existed:
            try:
                stored = msgspec.json.decode(path.read_bytes(), type=_File)
            except (OSError, msgspec.DecodeError) as error:
                raise CheckpointError(
                    f"{path} cannot be read: {error}; move it away to start afresh"
                ) from error
            if stored.stream != stream:
                raise CheckpointError(f"{path} belongs to stream {stored.stream}, not {stream}")
            if stored.created == created:
                self._shards = stored.shards
            else:
                _LOG.warning("%s was made anew: positions in the earlier one are discarded", stream)

    def renewed(self, created: float) -> Self:
        """Return empty positions for the stream as it was made anew; these save nothing any more."""
        with self._lock:
            self._retired = True
            return type(self)(self._path, self._stream, created)

    def get(self, shard_id: str) -> Position | None:
        """Return a shard's position, or None when it is not known."""
        with self._lock:
            return self._shards.get(shard_id)

    def save(self, positions: dict[str, Position]) -> None:
        """Add positions and write them all: to a new file, flushed, then renamed over the old."""
        with self._lock:
            if self._retired:
                return
            self._shards.update(positions)
            data = msgspec.json.encode(_File(self._stream, self._shards, self.created))
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(".tmp")
            with temporary.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self._path)
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
