"""Lambda's documents: the event of a batch, what its answer means, the on-failure message."""

from __future__ import annotations

import base64
import json

import pytest

from localcloud.lambda_host.documents import event, interpret, message
from localcloud.lambda_host.instance import Invocation
from localcloud.lambda_host.shard import (
    MAXIMUM_PAYLOAD_BYTES,
    RETRIES_EXHAUSTED,
    Discard,
    Outcome,
    Settings,
    Shard,
)
from tests.localcloud.support.simulation import NOW, record

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
    assert interpret(Invocation(payload.encode()), NUMBERS, True) == expected


def test_without_report_batch_item_failures_only_errors_count() -> None:
    """GIVEN the feature off THEN any response is success, and an error fails the batch either way."""
    report = Invocation(b'{"batchItemFailures": [{"itemIdentifier": "1"}]}')
    assert interpret(report, NUMBERS, False) == Outcome(3)
    assert interpret(Invocation(b"", "Unhandled"), NUMBERS, True) == Outcome(0, error="Unhandled")


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
    while batches := shard.take(NOW, NOW)[0]:
        assert len(batches) == 1
        batch = batches[0]
        assert len(event(batch.records, "shardId-0", STREAM, FUNCTION)) <= MAXIMUM_PAYLOAD_BYTES
        sizes.append(len(batch.records))
        shard.settle(batch, Outcome(len(batch.records)), NOW)
    assert sizes == [4, 4, 2]


def test_the_message_is_lambdas() -> None:
    """GIVEN a discarded batch WHEN reported THEN the document is the documented one and carries no
    data.
    """
    discard = Discard(
        (record(1), record(2, arrived_at=NOW + 1)), RETRIES_EXHAUSTED, 3, "Handled", "id-3"
    )
    document = message(discard, "shardId-0", STREAM, FUNCTION, NOW + 9)
    assert document["requestContext"]["requestId"] == "id-3"
    assert document == {
        "requestContext": {
            "requestId": "id-3",
            "functionArn": FUNCTION,
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
