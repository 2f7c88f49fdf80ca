"""A consumer's reads, as far as they need no database."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from monitoring.ingest import predictions
from monitoring.ingest.consumer import Consumer
from tests.monitoring.support.cursor import FakeConnection, FakeCursor
from tests.monitoring.support.kinesis import FakeKinesis


def test_throttling_is_waited_for_and_any_other_refusal_is_raised() -> None:
    """GIVEN a shard WHEN its reads are throttled, then refused THEN nothing taken, then the error."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    connection: Any = FakeConnection(FakeCursor([], [], [("a", None, [], False, False)]))
    consumer = Consumer(kinesis, "s", predictions)
    assert consumer.step(connection) == 0
    kinesis.faults = ["ProvisionedThroughputExceededException"]
    assert consumer.step(connection) == 0
    kinesis.faults = ["AccessDeniedException"]
    with pytest.raises(ClientError, match="AccessDenied"):
        consumer.step(connection)


def test_a_shard_the_service_has_dropped_is_not_read() -> None:
    """GIVEN a checkpoint of a shard that is gone WHEN stepped THEN only the one there is is read."""
    kinesis = FakeKinesis()
    kinesis.open("b")
    rows = [("a", "17", [], False, False), ("b", None, ["a"], False, False)]
    connection: Any = FakeConnection(FakeCursor([], [], rows))
    Consumer(kinesis, "s", predictions).step(connection)
    assert kinesis.reads == ["b"]


def test_after_a_refused_read_the_next_step_looks_which_shards_there_are() -> None:
    """GIVEN a shard that is dropped once it has split WHEN its read is refused
    THEN the next step reads what came of it."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    before, after = ("a", "17", [], False, False), ("b", None, ["a"], False, False)
    connection: Any = FakeConnection(FakeCursor([], [], [before], [], [], [before, after]))
    consumer = Consumer(kinesis, "s", predictions)
    consumer.step(connection)
    kinesis.shards = {}
    kinesis.open("b")
    kinesis.faults = ["ResourceNotFoundException"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        consumer.step(connection)
    consumer.step(connection)
    assert kinesis.reads == ["a", "b"]
