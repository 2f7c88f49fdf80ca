"""A function and a clock for driving the mapping's state machine in tests, and AWS's documented
semantics as a model.

The model is recursive and knows neither lanes nor queues nor time: it says, for one batch at a
time, which invocations follow from which outcome and which records end up discarded.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from localcloud.lambda_host.shard import Batch, Discard, Outcome, Record, Settings, Shard

NOW = 1_700_000_000.0


def record(number: int, key: str = "k", size: int = 1, arrived_at: float = NOW) -> Record:
    """Return the record with sequence number ``number``."""
    return Record(f"{number:020d}", key, b"x" * size, arrived_at)


def number_of(item: Record) -> int:
    """Return the number ``record`` was made with."""
    return int(item.sequence_number)


@dataclass
class Script:
    """A function whose answer follows from the records alone: ``kinds[n]`` says how record n
    behaves.

    good; poison: the invocation raises; reported: it is in batchItemFailures; malformed: the
    response makes no sense; flaky: raises the first two times the record is seen; throttled: cannot
    be invoked the first time.
    """

    kinds: Sequence[str]
    seen: Counter[int] = field(default_factory=Counter)

    def __call__(self, records: Sequence[Record]) -> Outcome:
        numbers = [number_of(item) for item in records]
        kinds = [self.kinds[number] for number in numbers]
        for number, kind in zip(numbers, kinds):
            if kind == "throttled" and not self.seen[number]:
                self.seen[number] += 1
                return Outcome(0, invoked=False)
        for number in numbers:
            self.seen[number] += 1
        for number, kind in zip(numbers, kinds):
            if kind in ("poison", "malformed") or (kind == "flaky" and self.seen[number] <= 2):
                return Outcome(0, error="Handled")
        if "reported" in kinds:
            return Outcome(kinds.index("reported"))
        return Outcome(len(records))


@dataclass
class Run:
    """What a run did: every invocation's record numbers, what was done, what was discarded."""

    invocations: list[tuple[int, ...]] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    discards: list[Discard] = field(default_factory=list)

    @property
    def discarded(self) -> set[int]:
        """The numbers of all discarded records."""
        return {number_of(item) for discard in self.discards for item in discard.records}


def model(records: Sequence[Record], settings: Settings, function: Script) -> Run:
    """Return what AWS documents for one shard read in one go, one batch at a time, nothing too old."""
    run = Run()

    def process(batch: Sequence[Record], retries: int) -> None:
        outcome = function(batch)
        while not outcome.invoked:
            outcome = function(batch)
        run.invocations.append(tuple(map(number_of, batch)))
        run.done |= {number_of(item) for item in batch[: outcome.done]}
        rest = batch[outcome.done :]
        exhausted = retries >= settings.maximum_retries >= 0
        if not rest:
            return
        if settings.bisect and outcome.done:
            process(rest, retries)
        elif settings.bisect and outcome.error and len(rest) > 1:
            middle = -(-len(rest) // 2)
            process(rest[:middle], retries)
            process(rest[middle:], retries)
        elif not exhausted:
            process(rest, retries + 1)
        else:
            run.discards.append(Discard(tuple(rest), "RetryAttemptsExhausted", 0))

    for start in range(0, len(records), settings.batch_size):
        process(records[start : start + settings.batch_size], 0)
    return run


@dataclass
class Driver:
    """Runs a Shard against a function, choosing what happens next by ``choose(n)``; checks what
    must always hold.
    """

    shard: Shard
    settings: Settings
    function: Callable[[Sequence[Record]], Outcome]
    choose: Callable[[int], int]
    key_of: Callable[[int], str] = lambda number: "k"
    run: Run = field(default_factory=Run)
    now: float = NOW
    flying: list[Batch] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    undelivered: deque[Discard] = field(default_factory=deque)

    def add(self, records: Sequence[Record]) -> None:
        """Read records."""
        self.shard.add(records, self.now)
        self.read += map(number_of, records)

    def step(self) -> bool:
        """Take what can be taken, then let one thing end; False when there is nothing left to do."""
        batches, old = self.shard.take(self.now, self.now)
        self.flying += batches
        self.undelivered += old
        self._check_flight()
        choices = len(self.flying) + len(self.undelivered)
        if not choices:
            wake = self.shard.wake_at()
            if wake is None or wake == float("inf"):
                return False
            self.now = max(self.now, wake)
            return True
        choice = self.choose(choices)
        if choice < len(self.flying):
            self._settle(self.flying.pop(choice))
        else:
            discard = self.undelivered[choice - len(self.flying)]
            self.undelivered.remove(discard)
            self.run.discards.append(discard)
            self.shard.discarded(discard)
        self._check_checkpoint()
        return True

    def _settle(self, batch: Batch) -> None:
        outcome = self.function(batch.records)
        if outcome.invoked:
            self.run.invocations.append(tuple(map(number_of, batch.records)))
        self.run.done |= {number_of(item) for item in batch.records[: outcome.done]}
        self.undelivered += self.shard.settle(batch, outcome, self.now)

    def _check_flight(self) -> None:
        assert len(self.flying) <= self.settings.parallelization
        keys = [{item.partition_key for item in batch.records} for batch in self.flying]
        assert sum(map(len, keys)) == len(set().union(*keys)), "a key in two batches at once"
        settled = (
            self.run.done
            | self.run.discarded
            | {number_of(item) for discard in self.undelivered for item in discard.records}
        )
        for batch in self.flying:
            assert 0 < len(batch.records) <= self.settings.batch_size
            numbers = [number_of(item) for item in batch.records]
            assert numbers == sorted(numbers)
            for item in batch.records:
                before = [n for n in self.read if n < number_of(item) and n not in numbers]
                ahead = set(before) - settled
                assert not any(self._same_key(n, item) for n in ahead), "a key out of order"

    def _same_key(self, number: int, item: Record) -> bool:
        return self.key_of(number) == item.partition_key

    def _check_checkpoint(self) -> None:
        point = self.shard.checkpoint
        if point is not None:
            behind = {number for number in self.read if number <= int(point)}
            assert behind <= self.run.done | self.run.discarded, "passed an open record"
