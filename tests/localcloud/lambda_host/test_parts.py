"""The mapping's smaller parts: responses, events, the on-failure message, checkpoints, where to
begin and what to start.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from localcloud.lambda_host.checkpoint import Checkpoints, Position
from localcloud.lambda_host.errors import CheckpointError
from localcloud.lambda_host.failure import message
from localcloud.lambda_host.mapping import first_positions, startable
from localcloud.lambda_host.record import MAXIMUM_PAYLOAD_BYTES, event
from localcloud.lambda_host.response import Outcome, interpret
from localcloud.lambda_host.shard import RETRIES_EXHAUSTED, Discard, Settings, Shard
from localcloud.lambda_host.source import ShardInfo
from localcloud.lambda_host.target import Invocation
from tests.localcloud.lambda_host.simulation import NOW, record

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/students"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:inference"
NUMBERS = ["1", "2", "3"]
WHOLE = Outcome(0, error="MalformedResponse")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("", Outcome(3)),
        ("null", Outcome(3)),
        ("{}", Outcome(3)),
        ('{"batchItemFailures": null}', Outcome(3)),
        ('{"batchItemFailures": []}', Outcome(3)),
        ('{"batchItemFailures": [{"itemIdentifier": "2"}]}', Outcome(1)),
        ('{"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}', Outcome(1)),
        ('{"batchItemFailures": [{"itemIdentifier": "1"}]}', Outcome(0)),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', WHOLE),
        ('{"batchItemFailures": [{"itemIdentifier": null}]}', WHOLE),
        ('{"batchItemFailures": [{"itemIdentifier": "9"}]}', WHOLE),
        ('{"batchItemFailures": [{"wrongKey": "2"}]}', WHOLE),
        ('{"batchItemFailures": ["2"]}', WHOLE),
        ('{"batchItemFailures": "2"}', WHOLE),
        ('"ok"', WHOLE),
        ("not json", WHOLE),
    ],
)
def test_responses_mean_what_aws_documents(payload: str, expected: Outcome) -> None:
    """GIVEN each documented kind of response WHEN interpreted THEN it is success, partial, or the
    whole batch.
    """
    assert interpret(Invocation("id", payload.encode()), NUMBERS, True) == expected


def test_without_report_batch_item_failures_only_errors_count() -> None:
    """GIVEN the feature off THEN any response is success, and an error fails the batch either way."""
    report = Invocation("id", b'{"batchItemFailures": [{"itemIdentifier": "1"}]}')
    assert interpret(report, NUMBERS, False) == Outcome(3)
    assert interpret(Invocation("id", b"", "Unhandled"), NUMBERS, True) == Outcome(
        0, error="Unhandled"
    )


def test_events_have_the_documented_shape() -> None:
    """GIVEN a record WHEN made an event THEN every documented field is there, the data base64."""
    (item,) = json.loads(event([record(7, "key", 3)], "shardId-0", STREAM, FUNCTION))["Records"]
    assert base64.b64decode(item["kinesis"].pop("data")) == b"xxx"
    assert item["kinesis"] == {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "key",
        "sequenceNumber": f"{7:020d}",
        "approximateArrivalTimestamp": NOW,
    }
    assert item["eventID"] == f"shardId-0:{7:020d}"
    assert item["eventSourceARN"] == STREAM
    assert (item["eventSource"], item["eventName"]) == ("aws:kinesis", "aws:kinesis:record")
    assert item["awsRegion"] == "us-east-1"


def test_a_batch_stays_within_the_payload_limit() -> None:
    """GIVEN records of 1 MiB WHEN batched THEN each event stays under 6 MB, and none is left out."""
    shard = Shard(Settings(batch_size=100))
    shard.add([record(n, size=1_048_576) for n in range(10)], NOW)
    sizes = []
    while batches := shard.take(NOW)[0]:
        assert len(batches) == 1
        batch = batches[0]
        assert len(event(batch.records, "shardId-0", STREAM, FUNCTION)) <= MAXIMUM_PAYLOAD_BYTES
        sizes.append(len(batch.records))
        shard.settle(batch, Outcome(len(batch.records)), NOW)
    assert sizes == [4, 4, 2]


def test_a_window_waits_for_a_full_batch() -> None:
    """GIVEN a batching window WHEN few records wait THEN they go at its end, or at once when the
    batch is full.
    """
    shard = Shard(Settings(batch_size=3, window=5))
    shard.add([record(0)], NOW)
    assert shard.take(NOW + 4.9) == ([], [])
    assert shard.wake_at() == NOW + 5
    shard.add([record(1), record(2)], NOW + 4.9)
    assert [len(batch.records) for batch in shard.take(NOW + 4.9)[0]] == [3]


def test_backoff_grows_and_is_bounded() -> None:
    """GIVEN a batch that keeps failing WHEN retried THEN the pauses double up to the longest."""
    settings = Settings(first_backoff=1, longest_backoff=5)
    shard = Shard(settings)
    shard.add([record(0)], NOW)
    now, pauses = NOW, []
    for _ in range(5):
        batch = shard.take(now)[0][0]
        assert not shard.settle(batch, Outcome(0, error="Handled"), now)
        wake = shard.wake_at()
        assert wake is not None and shard.take(wake - 0.01) == ([], [])
        pauses.append(wake - now)
        now = wake
    assert pauses == [1, 2, 4, 5, 5]


def test_the_message_is_lambdas() -> None:
    """GIVEN a discarded batch WHEN reported THEN the document is the documented one and carries no
    data.
    """
    discard = Discard((record(1), record(2, arrived_at=NOW + 1)), RETRIES_EXHAUSTED, 3, "Handled")
    document = message(discard, "shardId-0", STREAM, FUNCTION, NOW + 9)
    assert document["requestContext"].pop("requestId")
    assert document == {
        "requestContext": {
            "functionArn": f"{FUNCTION}:$LATEST",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2023-11-14T22:13:29.000Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-0",
            "startSequenceNumber": f"{1:020d}",
            "endSequenceNumber": f"{2:020d}",
            "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20.000Z",
            "approximateArrivalOfLastRecord": "2023-11-14T22:13:21.000Z",
            "batchSize": 2,
            "streamArn": STREAM,
        },
    }


def test_checkpoints_survive_and_refuse_another_stream(tmp_path: Path) -> None:
    """GIVEN saved positions WHEN opened again THEN they are there; another stream or a damaged file
    is refused.
    """
    path = tmp_path / "deep" / "checkpoints.json"
    first = Checkpoints(path, STREAM)
    assert not first.existed and first.get("a") is None
    first.save({"a": Position("1"), "b": Position(timestamp=2.5)})
    first.save({"a": Position("7", closed=True)})
    again = Checkpoints(path, STREAM)
    assert again.existed
    assert (again.get("a"), again.get("b")) == (Position("7", closed=True), Position(timestamp=2.5))
    with pytest.raises(CheckpointError, match="belongs to stream"):
        Checkpoints(path, "arn:other")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match="move it away"):
        Checkpoints(path, STREAM)
    assert not list(path.parent.glob("*.tmp"))


def test_where_a_new_mapping_begins() -> None:
    """GIVEN a closed parent and its child THEN each starting position begins where AWS says."""
    shards = [ShardInfo("parent", (), True), ShardInfo("child", ("parent",), False)]
    assert first_positions(shards, "TRIM_HORIZON", None, 9.0) == {
        "parent": Position(),
        "child": Position(),
    }
    assert first_positions(shards, "LATEST", None, 9.0) == {
        "parent": Position(closed=True),
        "child": Position(timestamp=9.0),
    }
    assert set(first_positions(shards, "AT_TIMESTAMP", 3.0, 9.0).values()) == {
        Position(timestamp=3.0)
    }


def test_children_start_after_their_parents() -> None:
    """GIVEN a merge of two shards and a split of the result THEN each starts once all its parents
    are done.
    """
    shards = [
        ShardInfo("a", (), True),
        ShardInfo("b", ("expired",), True),
        ShardInfo("ab", ("a", "b"), True),
        ShardInfo("left", ("ab",), False),
        ShardInfo("right", ("ab",), False),
    ]
    assert startable(shards, set(), set()) == ["a", "b"]
    assert startable(shards, {"a"}, {"b"}) == []
    assert startable(shards, {"a", "b"}, set()) == ["ab"]
    assert startable(shards, {"a", "b", "ab"}, {"left"}) == ["right"]
