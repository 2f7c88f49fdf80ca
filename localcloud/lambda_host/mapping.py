"""The event source mapping: one consumer per shard, children after their parents."""

import logging
import threading
import time
from dataclasses import replace
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.lambda_host.checkpoint import Position
from localcloud.lambda_host.consumer import Feed, ShardConsumer
from localcloud.lambda_host.source import ShardInfo

_LOG = logging.getLogger("lambda_host")
StartingPosition = Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
_REPORT_SECONDS = 10.0


def first_positions(
    shards: list[ShardInfo],
    starting_position: StartingPosition,
    timestamp: float | None,
    now: float,
) -> dict[str, Position]:
    """Return where a mapping created ``now`` begins in each shard.

    LATEST skips closed shards and is pinned to the time of creation, so a restart before the first
    record misses nothing.
    """
    if starting_position == "LATEST":
        return {
            s.shard_id: Position(closed=True) if s.closed else Position(timestamp=now)
            for s in shards
        }
    if starting_position == "AT_TIMESTAMP":
        return {s.shard_id: Position(timestamp=timestamp) for s in shards}
    return {s.shard_id: Position() for s in shards}


def startable(shards: list[ShardInfo], closed: set[str], running: set[str]) -> list[str]:
    """Return the shards to start: not done, not running, every parent done or gone."""
    present = {shard.shard_id for shard in shards}
    return [
        shard.shard_id
        for shard in shards
        if shard.shard_id not in closed | running
        and all(parent in closed or parent not in present for parent in shard.parents)
    ]


class Mapping:
    """Start it, and it feeds the stream's records to the target until it is stopped."""

    def __init__(
        self,
        feed: Feed,
        starting_position: StartingPosition = "TRIM_HORIZON",
        timestamp: float | None = None,
        discovery_seconds: float = 5.0,
    ) -> None:
        self._feed = feed
        self._discovery_seconds = discovery_seconds
        self._consumers: dict[str, ShardConsumer] = {}
        self._former: list[ShardConsumer] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mapping", daemon=True)
        if not feed.checkpoints.existed:
            now = int(time.time() * 1000) / 1000
            shards = feed.stream.shards()
            feed.checkpoints.save(first_positions(shards, starting_position, timestamp, now))

    def start(self) -> None:
        """Begin to consume."""
        self._discover()
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Stop consuming; waits for the consumers, then for what they saved."""
        self._stopping.set()
        consumers = [*self._former, *self._consumers.values()]
        for consumer in consumers:
            consumer.stop()
        deadline = time.monotonic() + seconds
        for consumer in consumers:
            consumer.join(max(0.0, deadline - time.monotonic()))
        self._feed.statistics.report()

    def _run(self) -> None:
        reported = time.monotonic()
        while not self._stopping.wait(min(1.0, self._discovery_seconds)):
            try:
                self._discover()
            except (BotoCoreError, ClientError) as error:
                _LOG.warning("listing shards failed, going on: %s", error)
            if time.monotonic() - reported >= _REPORT_SECONDS:
                reported = time.monotonic()
                self._feed.statistics.report()

    def _start_over(self, created: float) -> None:
        """Read the stream, made anew, from its start; what was read of the earlier one is finished."""
        self._feed = replace(self._feed, checkpoints=self._feed.checkpoints.renewed(created))
        for consumer in self._consumers.values():
            consumer.gone()
        self._former = [c for c in (*self._former, *self._consumers.values()) if c.is_alive()]
        self._consumers = {}

    def _discover(self) -> None:
        created = self._feed.stream.created()
        if created != self._feed.checkpoints.created:
            self._start_over(created)
        shards = self._feed.stream.shards()
        positions = {shard.shard_id: self._feed.checkpoints.get(shard.shard_id) for shard in shards}
        closed = {
            shard_id for shard_id, position in positions.items() if position and position.closed
        }
        running = {
            shard_id for shard_id, consumer in self._consumers.items() if consumer.is_alive()
        }
        for shard_id in running - set(positions) if positions else ():
            self._consumers[shard_id].gone()
        for shard_id in startable(shards, closed, running):
            consumer = ShardConsumer(self._feed, shard_id, positions[shard_id] or Position())
            self._consumers[shard_id] = consumer
            consumer.start()
