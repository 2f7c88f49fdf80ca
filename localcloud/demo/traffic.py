"""The demo's two ends of the pipe: PutRecords into one stream, GetRecords from the other."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from inference.stream.identity import prediction_id
from inference.stream.reader import NEWEST, StreamReader
from localcloud.demo.cohort import Event
from localcloud.demo.tally import Tally
from localcloud.errors import DemoFailed
from localcloud.provision import client

CHUNK = 500  # the most PutRecords takes
POLL_SECONDS = 0.02
ANSWER_SECONDS = 300.0
"""A busy laptop may be slow; what is never answered is found out in the end."""

Advance = Callable[[int], object]


class Traffic:
    """Puts events and reads their answers on a thread of its own, for as long as it is entered.

    ``tally`` holds everything put and everything answered since then.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.tally = Tally()
        self._kinesis = client("kinesis", variables)
        self._students = variables["STUDENTS_STREAM_NAME"]
        # Reads from here on: the position is taken before the first put, so no answer is missed.
        self._predictions = StreamReader(
            self._kinesis, variables["PREDICTIONS_STREAM_NAME"], NEWEST
        )
        about = self._kinesis.describe_stream_summary(StreamName=self._students)
        self._arn: str = about["StreamDescriptionSummary"]["StreamARN"]
        self._read: list[tuple[dict[str, Any], float]] = []
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._follow, name="predictions", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def send(
        self,
        events: Sequence[Event],
        phase: str,
        pace: tuple[int, float] = (CHUNK, 0.0),
        advance: Advance = lambda _: None,
    ) -> None:
        """Put ``events`` and wait for their answers; ``pace`` is (records per put, pause in s).

        Raises DemoFailed when answers are still missing after ANSWER_SECONDS.
        """
        chunk, pause = pace
        for start in range(0, len(events), chunk):
            waiting = list(events[start : start + chunk])
            while waiting:
                waiting = self._put(waiting, phase)
            self._collect(advance)
            time.sleep(pause)
        deadline = time.monotonic() + ANSWER_SECONDS
        while self.tally.missing:
            if time.monotonic() > deadline:
                missing = self.tally.missing
                raise DemoFailed(f"{missing} inputs had no answer in {ANSWER_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
            self._collect(advance)

    def _put(self, events: list[Event], phase: str) -> list[Event]:
        """Put once; return the entries that Kinesis refused for now."""
        moment = time.time()
        entries = [{"Data": e.data, "PartitionKey": e.partition_key} for e in events]
        results = self._kinesis.put_records(StreamName=self._students, Records=entries)["Records"]
        failed = []
        for event, result in zip(events, results, strict=True):
            if "ErrorCode" in result:
                failed.append(event)
            else:
                identity = prediction_id(self._arn, result["ShardId"], result["SequenceNumber"])
                self.tally.put(identity, event, moment, phase)
        return failed

    def _collect(self, advance: Advance) -> None:
        if self._error is not None:
            raise self._error
        arrived, self._read = self._read, []
        for answer, moment in arrived:
            self.tally.read(answer, moment)
        advance(len(arrived))

    def _follow(self) -> None:
        try:
            while not self._stop.wait(POLL_SECONDS):
                records = self._predictions.read()
                moment = time.time()
                self._read += [(json.loads(record["Data"]), moment) for record in records]
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._error = error  # a thread cannot raise to its owner: send() does
