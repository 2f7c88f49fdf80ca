"""A shard's loop, with a stream and a function of the test's own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.lambda_host import consumer
from localcloud.lambda_host.checkpoint import Checkpoints, Position
from localcloud.lambda_host.consumer import Feed, ShardConsumer
from localcloud.lambda_host.instance import Invocation
from localcloud.lambda_host.shard import Settings


class OneRecord:
    """A stream of one shard that holds one record and is closed."""

    name, arn = "students", "arn:aws:kinesis:us-east-1:000000000000:stream/students"

    def __init__(self) -> None:
        self.kinesis = self

    def get_shard_iterator(self, **_: Any) -> dict[str, str]:
        """Begin."""
        return {"ShardIterator": "0"}

    def get_records(self, **_: Any) -> dict[str, Any]:
        """Return the record and the end."""
        record = {
            "SequenceNumber": "1",
            "PartitionKey": "k",
            "Data": b"x",
            "ApproximateArrivalTimestamp": datetime.now(UTC),
        }
        return {"Records": [record]}


class Failing:
    """A function that fails ``times`` times."""

    arn = "arn:aws:lambda:us-east-1:000000000000:function:inference"

    def __init__(self, times: int) -> None:
        self.times, self.calls = times, 0

    def invoke(self, _: bytes) -> Invocation:
        """Fail, or answer."""
        self.calls += 1
        error = "Handled" if self.calls <= self.times else None
        return Invocation(b"{}", error, f"request-{self.calls}")

    def close(self) -> None:
        """Nothing to close."""


def run(tmp_path: Path, target: Failing, settings: Settings) -> tuple[bool, list[dict[str, Any]]]:
    """Consume the shard; tell whether it was finished, and what was reported."""
    reported: list[dict[str, Any]] = []
    stream: Any = OneRecord()
    checkpoints = Checkpoints(tmp_path / "checkpoints.json", stream.arn, 1.0)
    feed = Feed(stream, target, settings, checkpoints, reported.append)
    thread = ShardConsumer(feed, "shardId-0", Position())
    thread.start()
    thread.join(20)
    finished = not thread.is_alive()
    thread.stop()
    thread.join(20)
    return finished, reported


def test_a_clock_set_back_stalls_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a batch that fails WHEN the time of day is set back an hour THEN it is retried at once."""
    offset = [0.0]
    clock = SimpleNamespace(
        time=lambda: time.time() - offset[0], monotonic=time.monotonic, sleep=time.sleep
    )
    monkeypatch.setattr(consumer, "time", clock)

    target = Failing(1)
    settle = consumer.Shard.settle

    def settled(*arguments: Any) -> Any:
        discards = settle(*arguments)
        offset[0] = 3600.0
        return discards

    monkeypatch.setattr(consumer.Shard, "settle", settled)
    finished, reported = run(tmp_path, target, Settings(batch_size=1))
    assert finished and target.calls == 2 and not reported


def test_what_is_given_up_names_its_last_request(tmp_path: Path) -> None:
    """GIVEN a function that always fails WHEN the record is given up THEN the message names the id
    of the last invocation and the function without a qualifier.
    """
    finished, (message,) = run(tmp_path, Failing(9), Settings(batch_size=1, maximum_retries=2))
    assert finished
    assert message["requestContext"] == {
        "requestId": "request-3",
        "functionArn": Failing.arn,
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    }
