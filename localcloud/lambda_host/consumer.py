"""One shard's loop: read, invoke, settle, remember.

All decisions are ``Shard``'s; all input and output is here.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.errors import LocalCloudError
from localcloud.lambda_host.checkpoint import Checkpoints, Position
from localcloud.lambda_host.documents import event, interpret, message
from localcloud.lambda_host.instance import Invocation
from localcloud.lambda_host.shard import Batch, Discard, Outcome, Settings, Shard
from localcloud.lambda_host.source import ShardReader, Stream
from localcloud.lambda_host.statistics import Statistics

_LOG = logging.getLogger("lambda_host")
_READ_LIMIT = 10_000
_ERROR_SECONDS = 1.0
_DELIVERY_ATTEMPTS = 5


class Target(Protocol):
    """A function that can be invoked synchronously, from several threads at once."""

    arn: str

    def invoke(self, event: bytes) -> Invocation:  # pylint: disable=redefined-outer-name
        """Run the function on ``event`` (JSON); TargetUnavailable when it could not be invoked."""

    def close(self) -> None:
        """Release whatever serves the invocations."""


@dataclass(frozen=True)
class Polling:
    """Seconds between reads of a shard: shortly after records came, and when it has been quiet.

    AWS reads a shard once a second (and a stream allows five reads a second and shard); locally
    latency matters more.
    """

    active: float = 0.01
    idle: float = 0.1
    quiet_after: float = 2.0


@dataclass(frozen=True)
class Feed:
    """What every shard's consumer works with."""

    stream: Stream
    target: Target
    settings: Settings
    checkpoints: Checkpoints
    report_failure: Callable[[dict[str, Any]], object]
    statistics: Statistics = field(default_factory=Statistics)
    polling: Polling = Polling()


class ShardConsumer(threading.Thread):
    """Runs until the shard has ended and is done, or ``stop`` is called."""

    def __init__(self, feed: Feed, shard_id: str, position: Position) -> None:
        super().__init__(name=f"consumer-{shard_id}", daemon=True)
        self.shard_id = shard_id
        self._feed = feed
        self._reader = ShardReader(feed.stream, shard_id, position)
        self._shard = Shard(feed.settings, position.sequence_number)
        self._saved = position.sequence_number
        self._changed = threading.Condition()
        self._stopping = False
        self._last_records = time.monotonic()
        lanes = feed.settings.parallelization
        self._lanes = ThreadPoolExecutor(lanes, f"lane-{shard_id}")
        self._read_ahead = max(2 * feed.settings.batch_size * lanes, 1000)

    def stop(self) -> None:
        """Ask the loop to end; what is in flight and fails is read again after a restart."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def gone(self) -> None:
        """Note that the stream no longer has this shard: what was read of it is all there will be."""
        with self._changed:
            self._reader.ended = True
            self._shard.close()
            self._changed.notify()

    def run(self) -> None:
        """Read and dispatch until the shard is finished or the mapping stops."""
        next_read = 0.0
        while not self._stopping and not self._shard.finished:
            if time.monotonic() >= next_read and not self._reader.ended:
                next_read = time.monotonic() + self._poll()
            self._dispatch()
            self._sleep(next_read)
        if self._shard.finished:
            closed = Position(self._shard.checkpoint, closed=True)
            self._feed.checkpoints.save({self.shard_id: closed})
        # What the function is working on may finish; ``join``'s timeout says how long it may take.
        self._lanes.shutdown(wait=True, cancel_futures=True)

    def _poll(self) -> float:
        """Read once, unless enough is waiting; return the seconds until the next read."""
        polling = self._feed.polling
        if self._shard.unfinished >= self._read_ahead:
            return polling.active
        try:
            if self._read():
                self._last_records = time.monotonic()
        except (BotoCoreError, ClientError) as error:
            _LOG.warning("%s: reading failed, going on: %s", self.shard_id, error)
            return _ERROR_SECONDS * random.uniform(0.5, 1.5)
        quiet = time.monotonic() - self._last_records > polling.quiet_after
        return polling.idle if quiet else polling.active

    def _read(self) -> int:
        records = self._reader.read(_READ_LIMIT)
        with self._changed:
            self._shard.add(records, time.monotonic())
            if self._reader.ended:
                self._shard.close()
        return len(records)

    def _dispatch(self) -> None:
        with self._changed:
            batches, discards = self._shard.take(time.monotonic(), time.time())
        for discard in discards:
            self._give_up(discard)
        if discards:
            self._save()
        for batch in batches:
            self._lanes.submit(self._process, batch).add_done_callback(self._ended)

    def _sleep(self, next_read: float) -> None:
        with self._changed:
            if self._stopping or self._shard.finished:
                return
            wake = self._shard.wake_at()
            pause = 1.0 if self._reader.ended else next_read - time.monotonic()
            if wake is not None:
                pause = min(pause, wake - time.monotonic())
            if pause > 0:
                self._changed.wait(pause)

    def _process(self, batch: Batch) -> None:
        self._feed.statistics.batch(batch.records, time.time())
        payload = event(batch.records, self.shard_id, self._feed.stream.arn, self._feed.target.arn)
        try:
            invocation = self._feed.target.invoke(payload)
            outcome = interpret(
                invocation, batch.sequence_numbers, self._feed.settings.report_batch_item_failures
            )
            outcome = replace(outcome, request_id=invocation.request_id)
        except LocalCloudError as error:
            _LOG.warning("%s: the function cannot be invoked: %s", self.shard_id, error)
            outcome = Outcome(0, invoked=False)
        if self._stopping and outcome.error is not None:
            # The runtime was stopped under this batch; it is read again after a restart.
            return
        self._feed.statistics.outcome(len(batch.records), outcome)
        with self._changed:
            discards = self._shard.settle(batch, outcome, time.monotonic())
            self._changed.notify()
        for discard in discards:
            self._give_up(discard)
        self._save()

    def _ended(self, future: Future[None]) -> None:
        if not future.cancelled() and (error := future.exception()):
            # The mapping starts a new consumer from the checkpoint: nothing is lost, some may be
            # repeated.
            _LOG.error("%s: starting over from the checkpoint", self.shard_id, exc_info=error)
            self.stop()

    def _give_up(self, discard: Discard) -> None:
        document = message(
            discard, self.shard_id, self._feed.stream.arn, self._feed.target.arn, time.time()
        )
        for attempt in range(_DELIVERY_ATTEMPTS):
            try:
                self._feed.report_failure(document)
                break
            except (BotoCoreError, ClientError) as error:
                _LOG.error("on-failure message not delivered (attempt %d): %s", attempt + 1, error)
                time.sleep(min(2.0**attempt * 0.2, 2.0))
        else:
            self._feed.statistics.undelivered()
        self._feed.statistics.discarded(len(discard.records), discard.condition)
        with self._changed:
            self._shard.discarded(discard)
            self._changed.notify()

    def _save(self) -> None:
        with self._changed:
            checkpoint = self._shard.checkpoint
            if checkpoint is None or checkpoint == self._saved:
                return
            self._saved = checkpoint
        self._feed.checkpoints.save({self.shard_id: Position(checkpoint)})
