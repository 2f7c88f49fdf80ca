"""The event source mapping's decisions for one shard, as a state machine without input or output.

Documented behaviour (docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and its pages on
parameters, batch failures and on-failure destinations): order is kept per partition key, up to
ParallelizationFactor batches run at once; a failed batch is retried before anything after it in its
lane; bisecting does not use up the retry quota; records past their age or their retries are
discarded and reported; delivery is at least once, and the checkpoint is the last record before
which everything is done.
"""

import math
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
TOO_OLD = "RecordAgeExceeded"

MAXIMUM_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Lambda's limit for the event of a synchronous invocation, base64 and envelope included."""

_ENVELOPE_BYTES = 512


@dataclass(frozen=True, slots=True)
class Record:
    """One Kinesis record; ``arrived_at`` is its arrival in seconds since the epoch."""

    sequence_number: str
    partition_key: str
    data: bytes
    arrived_at: float

    @property
    def payload_bytes(self) -> int:
        """An upper bound of what this record adds to the event."""
        return 4 * ((len(self.data) + 2) // 3) + 4 * len(self.partition_key) + _ENVELOPE_BYTES


@dataclass(frozen=True)
class Settings:
    """The mapping's parameters; -1 means for ever. Times in seconds."""

    batch_size: int = 100
    window: float = 0.0
    parallelization: int = 1
    bisect: bool = False
    maximum_retries: int = -1
    maximum_age: float = -1
    report_batch_item_failures: bool = True
    first_backoff: float = 0.1
    longest_backoff: float = 10.0


@dataclass(frozen=True)
class Batch:
    """Records to invoke the function with; ``retries`` used so far, ``invokes`` made so far."""

    lane: int
    records: tuple[Record, ...]
    retries: int = 0
    invokes: int = 0
    failures: int = 0
    not_before: float = 0.0
    request_id: str = ""

    @property
    def sequence_numbers(self) -> list[str]:
        """Their sequence numbers, in order."""
        return [record.sequence_number for record in self.records]


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation: ``done`` records from the batch's start need no retry.

    ``invoked`` is False when the function never ran.
    """

    done: int
    invoked: bool = True
    error: str | None = None
    request_id: str = ""


@dataclass(frozen=True)
class Discard:
    """Records given up, and why; they count as done once ``Shard.discarded`` has been called."""

    records: tuple[Record, ...]
    condition: str
    invokes: int
    error: str | None = None
    request_id: str = ""


@dataclass
class _Lane:
    """The records of some partition keys: retries first, then what waits, one batch in flight."""

    waiting: deque[tuple[float, Record]] = field(default_factory=deque)
    retries: deque[Batch] = field(default_factory=deque)
    busy: bool = False


class Shard:
    """Feed it with ``add``, run what ``take`` returns, tell it the outcome with ``settle``.

    ``now`` is of a steady clock, for windows and pauses; ``today`` is the time of day, for ages.
    """

    def __init__(self, settings: Settings, checkpoint: str | None = None) -> None:
        self._settings = settings
        self._lanes = [_Lane() for _ in range(settings.parallelization)]
        self._open: deque[str] = deque()
        self._done: set[str] = set()
        self._closed = False
        self.checkpoint = checkpoint

    @property
    def unfinished(self) -> int:
        """How many records were read and are not yet behind the checkpoint."""
        return len(self._open)

    @property
    def finished(self) -> bool:
        """Whether the shard is closed and everything in it is done."""
        return self._closed and not self._open

    def add(self, records: Iterable[Record], now: float) -> None:
        """Take records in the order the shard holds them."""
        for record in records:
            self._open.append(record.sequence_number)
            lane = zlib.crc32(record.partition_key.encode()) % len(self._lanes)
            self._lanes[lane].waiting.append((now, record))

    def close(self) -> None:
        """Note that the shard will hold no further records."""
        self._closed = True

    def take(self, now: float, today: float) -> tuple[list[Batch], list[Discard]]:
        """Return the batches to run now and the records whose age rules that out."""
        batches, discards = [], []
        for index, lane in enumerate(self._lanes):
            while not lane.busy and (batch := self._next(index, lane, now)):
                fresh, old = self._by_age(batch, today)
                if old:
                    discards.append(
                        Discard(tuple(old), TOO_OLD, batch.invokes, request_id=batch.request_id)
                    )
                if fresh:
                    lane.busy = True
                    batches.append(replace(batch, records=tuple(fresh)))
        return batches, discards

    def wake_at(self) -> float | None:
        """Return when ``take`` may have something to say without new events in between, or None."""
        return min((self._due(lane) for lane in self._lanes if not lane.busy), default=None)

    def settle(self, batch: Batch, outcome: Outcome, now: float) -> list[Discard]:
        """Record what came of a batch; return what has to be given up."""
        lane = self._lanes[batch.lane]
        lane.busy = False
        batch = replace(batch, request_id=outcome.request_id or batch.request_id)
        self._finish(batch.sequence_numbers[: outcome.done])
        rest = batch.records[outcome.done :]
        if not rest:
            return []
        if retries := self._retries(batch, rest, outcome, now):
            lane.retries.extendleft(reversed(retries))
            return []
        invokes, request_id = batch.invokes + 1, batch.request_id
        return [Discard(rest, RETRIES_EXHAUSTED, invokes, outcome.error, request_id)]

    def discarded(self, discard: Discard) -> None:
        """Count given-up records as done, once whoever must know has been told."""
        self._finish(record.sequence_number for record in discard.records)

    def _retries(
        self, batch: Batch, rest: tuple[Record, ...], outcome: Outcome, now: float
    ) -> list[Batch]:
        """Return what to invoke instead of a failed batch; nothing when its retries are used up."""
        settings = self._settings
        pause = min(
            settings.longest_backoff, settings.first_backoff * 2.0 ** min(batch.failures, 30)
        )
        failures, later = batch.failures + 1, now + pause
        if not outcome.invoked:
            return [replace(batch, records=rest, failures=failures, not_before=later)]
        again = replace(batch, records=rest, invokes=batch.invokes + 1, not_before=now)
        if settings.bisect and outcome.done:
            # Bisected at the reported record: what was before it is done, the quota is not touched.
            return [again]
        if settings.bisect and outcome.error is not None and len(rest) > 1:
            middle = (len(rest) + 1) // 2
            return [replace(again, records=half) for half in (rest[:middle], rest[middle:])]
        if 0 <= settings.maximum_retries <= batch.retries:
            return []
        retries = batch.retries + 1
        return [replace(again, retries=retries, failures=failures, not_before=later)]

    def _due(self, lane: _Lane) -> float:
        """Return when the lane's next batch may be taken."""
        if lane.retries:
            return lane.retries[0].not_before
        if not lane.waiting:
            return math.inf
        if self._closed or self._settings.window <= 0 or self._full(lane):
            return -math.inf
        return lane.waiting[0][0] + self._settings.window

    def _next(self, index: int, lane: _Lane, now: float) -> Batch | None:
        if self._due(lane) > now:
            return None
        if lane.retries:
            return lane.retries.popleft()
        records: list[Record] = []
        size = 0
        while lane.waiting and len(records) < self._settings.batch_size:
            size += lane.waiting[0][1].payload_bytes
            if records and size > MAXIMUM_PAYLOAD_BYTES:
                break
            records.append(lane.waiting.popleft()[1])
        return Batch(index, tuple(records))

    def _full(self, lane: _Lane) -> bool:
        if len(lane.waiting) >= self._settings.batch_size:
            return True
        return sum(record.payload_bytes for _, record in lane.waiting) > MAXIMUM_PAYLOAD_BYTES

    def _by_age(self, batch: Batch, today: float) -> tuple[list[Record], list[Record]]:
        limit = self._settings.maximum_age
        if limit < 0:
            return list(batch.records), []
        fresh = [record for record in batch.records if today - record.arrived_at <= limit]
        return fresh, [record for record in batch.records if today - record.arrived_at > limit]

    def _finish(self, sequence_numbers: Iterable[str]) -> None:
        self._done.update(sequence_numbers)
        while self._open and self._open[0] in self._done:
            self.checkpoint = self._open.popleft()
            self._done.remove(self.checkpoint)
