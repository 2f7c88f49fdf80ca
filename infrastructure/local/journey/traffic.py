"""The journey's two ends of the pipe: PutRecords into one stream, GetRecords from the other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from infrastructure.local.journey.cohort import Event
from infrastructure.local.journey.tally import Tally

CHUNK = 500  # the most PutRecords takes
POLL_SECONDS = 0.02


Progress = Callable[[int], object]


def silent(_: int) -> None:
    """The progress of someone who does not look."""


@dataclass(frozen=True)
class Feeder:
    """Puts events on ``stream`` and enters each in ``tally``.

    ``identify`` turns (shard id, sequence number) into the prediction id that will answer it.
    """

    kinesis: Any
    stream: str
    identify: Callable[[str, str], str]
    tally: Tally

    def put(
        self,
        events: Sequence[Event],
        chunk: int = CHUNK,
        pause: float = 0.0,
        progress: Progress = silent,
    ) -> None:
        """Put ``events``, ``chunk`` at a time; failed entries go again until they are in."""
        for start in range(0, len(events), chunk):
            waiting = list(events[start : start + chunk])
            while waiting:
                failed = self._put_once(waiting)
                progress(len(waiting) - len(failed))
                waiting = failed
            time.sleep(pause)

    def _put_once(self, events: list[Event]) -> list[Event]:
        moment = time.time()
        entries = [{"Data": e.data, "PartitionKey": e.partition_key} for e in events]
        results = self.kinesis.put_records(StreamName=self.stream, Records=entries)["Records"]
        failed = []
        for event, result in zip(events, results, strict=True):
            if "ErrorCode" in result:
                failed.append(event)
            else:
                identity = self.identify(result["ShardId"], result["SequenceNumber"])
                self.tally.put(identity, event, moment)
        return failed


class Reader:
    """Reads a stream's new records on a thread of its own, from the moment it is entered."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self.records: list[tuple[dict[str, Any], float]] = []
        self._kinesis = kinesis
        self._stream = stream
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="predictions", daemon=True)
        self._iterators: dict[str, str] = {}

    def __enter__(self) -> Reader:
        # The position is taken before the first put, so no answer can be missed.
        for shard in self._kinesis.list_shards(StreamName=self._stream)["Shards"]:
            self._iterators[shard["ShardId"]] = self._kinesis.get_shard_iterator(
                StreamName=self._stream, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
            )["ShardIterator"]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            while not self._stop.wait(POLL_SECONDS):
                for shard, iterator in list(self._iterators.items()):
                    page = self._kinesis.get_records(ShardIterator=iterator, Limit=10_000)
                    moment = time.time()
                    for record in page["Records"]:
                        self.records.append((json.loads(record["Data"]), moment))
                    if page.get("NextShardIterator"):
                        self._iterators[shard] = page["NextShardIterator"]
                    else:
                        del self._iterators[shard]
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._error = error  # a thread cannot raise to its owner: settle() does

    def settle(self, tally: Tally, timeout: float, progress: Progress = silent) -> None:
        """Move what was read into ``tally`` until every input has its answer or time is up."""
        deadline = time.monotonic() + timeout
        taken = 0
        while True:
            arrived = self.records[taken:]
            taken += len(arrived)
            for answer, moment in arrived:
                tally.read(answer, moment)
            progress(len(arrived))
            if self._error is not None:
                raise self._error
            if not tally.missing or time.monotonic() > deadline:
                del self.records[:taken]
                return
            time.sleep(POLL_SECONDS)
