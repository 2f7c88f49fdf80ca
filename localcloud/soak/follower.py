"""Reads a stream for the auditor, through everything that happens to it meanwhile."""

import threading
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.lambda_host.checkpoint import Position
from localcloud.lambda_host.shard import Record
from localcloud.lambda_host.source import ShardReader, Stream

_LOOK_SECONDS = 0.5
_PAUSE_SECONDS = 0.05
_LIMIT = 5_000

Take = Callable[[str, list[Record]], None]


class Follower(threading.Thread):
    """Hands every record of every shard to ``take`` once, in each shard's order.

    What a take raises ends it and is in ``error``.
    """

    def __init__(self, stream: Stream, take: Take) -> None:
        super().__init__(name=f"follower-{stream.name}", daemon=True)
        self._stream, self._take = stream, take
        self._readers: dict[str, ShardReader] = {}
        self._created = 0.0
        self._looked = float("-inf")
        self._stopping = threading.Event()
        self.error: Exception | None = None

    def stop(self) -> None:
        """End after the read under way."""
        self._stopping.set()
        self.join(60)

    def run(self) -> None:
        """Read until stopped."""
        while not self._stopping.is_set():
            try:
                if not self._round():
                    self._stopping.wait(_PAUSE_SECONDS)
            except (BotoCoreError, ClientError):
                # Away, or a shard is gone: look again which there are.
                self._looked = float("-inf")
                self._stopping.wait(_PAUSE_SECONDS)
            except Exception as error:  # pylint: disable=broad-exception-caught
                self.error = error  # a thread cannot raise to its owner
                return

    def _round(self) -> int:
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._look()
        number = 0
        for shard, reader in self._readers.items():
            if not reader.ended and (records := reader.read(_LIMIT)):
                self._take(shard, records)
                number += len(records)
        return number

    def _look(self) -> None:
        created = self._stream.created()
        if created != self._created:
            self._created, self._readers = created, {}
        known = self._readers
        self._readers = {
            info.shard_id: known.get(info.shard_id)
            or ShardReader(self._stream, info.shard_id, Position())
            for info in self._stream.shards()
        }
        self._looked = time.monotonic()
