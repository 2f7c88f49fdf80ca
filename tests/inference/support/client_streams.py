"""The client's side of two streams in memory, and class lists to send."""

from __future__ import annotations

import csv
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from inference.client import commands, exchange, sheet
from inference.model.scorer import score
from inference.stream import reader
from tests.inference.support import factory
from tests.inference.support.kinesis import ARN, SHARD, VALUES, client_error, record, unpacked


class Streams:
    """A Kinesis of two streams, students and predictions, whose students are answered at once."""

    def __init__(self) -> None:
        self.stored: dict[str, list[bytes]] = {"students": [], "predictions": []}
        self.answering = True
        self.twice = False
        self.refuse: Exception | None = None
        self.throttled_reads = 0
        self.created = datetime(2025, 1, 1, tzinfo=timezone.utc)
        self.lock = threading.Lock()

    def anew(self) -> None:
        """Delete the streams and make them again."""
        self.stored = {"students": [], "predictions": []}
        self.created += timedelta(seconds=1)

    def put_record(self, **request: Any) -> dict[str, Any]:
        """Store one record."""
        if self.refuse:
            raise self.refuse
        numbers = self._store(request["StreamName"], [request])
        return {"ShardId": SHARD, "SequenceNumber": numbers[0]}

    def put_records(self, **request: Any) -> dict[str, Any]:
        """Store many."""
        if self.refuse:
            raise self.refuse
        numbers = self._store(request["StreamName"], request["Records"])
        placed = [{"ShardId": SHARD, "SequenceNumber": number} for number in numbers]
        return {"FailedRecordCount": 0, "Records": placed}

    def _store(self, stream: str, entries: list[dict[str, Any]]) -> list[str]:
        numbers = []
        for entry in entries:
            self.stored[stream].append(entry["Data"])
            numbers.append(str(len(self.stored[stream])))
        if self.answering:
            self.answer(len(self.stored[stream]) - len(numbers), len(self.stored[stream]), stream)
        return numbers

    def answer(self, start: int, end: int, stream: str = "students") -> None:
        """Answer what was sent from the place ``start`` up to ``end``."""
        sent = self.stored[stream]
        items = unpacked({"Records": [record(n + 1, sent[n]) for n in range(start, end)]}).items
        for answer in score(items, factory.predictor()).answers:
            self.stored["predictions"] += [answer.data] * (1 + self.twice)

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        """Name the stream and tell when it was made."""
        summary = {"StreamARN": ARN, "StreamCreationTimestamp": self.created}
        return {"StreamDescriptionSummary": summary}

    @staticmethod
    def list_shards(**query: Any) -> dict[str, Any]:
        """List two shards on two pages; the second is empty for ever."""
        if "NextToken" in query:
            return {"Shards": [{"ShardId": "empty"}]}
        return {"Shards": [{"ShardId": SHARD}], "NextToken": "more"}

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        """Start at the end where the newest are wanted, else at the beginning."""
        stream = request["StreamName"]
        start = len(self.stored[stream]) if request["ShardIteratorType"] == "LATEST" else 0
        return {"ShardIterator": f"{stream}/{request['ShardId']}/{start}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        """Return what came since."""
        if self.throttled_reads:
            self.throttled_reads -= 1
            raise client_error("ProvisionedThroughputExceededException")
        stream, shard, position = request["ShardIterator"].split("/")
        found = self.stored[stream][int(position) :] if shard == SHARD else []
        following = f"{stream}/{shard}/{int(position) + len(found)}" if shard == SHARD else None
        return {"Records": [{"Data": data} for data in found], "NextShardIterator": following}


def connect(monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Give the client two streams of its own, their names, and no waiting."""
    streams = Streams()
    monkeypatch.setattr(commands, "client", lambda *_, **__: streams)
    for module in (reader, exchange):
        monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
    monkeypatch.setenv("STUDENTS_STREAM_NAME", "students")
    monkeypatch.setenv("PREDICTIONS_STREAM_NAME", "predictions")
    return streams


def write(path: Path, rows: list[dict[str, object]], *more: str) -> Path:
    """Write a CSV of students, with ``more`` columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["StudentID", *sheet.FEATURE_NAMES, "Name", *more])
        table.writeheader()
        table.writerows(rows)
    return path


def student(number: object, **changes: object) -> dict[str, object]:
    """Return one row."""
    values = dict(zip(sheet.FEATURE_NAMES, VALUES, strict=True))
    return {"StudentID": number, **values, "Name": "canary", **changes}
