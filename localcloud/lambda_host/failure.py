"""The on-failure destination: metadata about given-up records goes to an SQS queue, never the
records themselves.

Shape: docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html (KinesisBatchInfo,
version 1.0).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from localcloud.lambda_host.shard import Discard


def _time(seconds: float) -> str:
    return (
        datetime.fromtimestamp(seconds, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def message(
    discard: Discard, shard_id: str, stream_arn: str, function_arn: str, now: float
) -> dict[str, Any]:
    """Return the document AWS sends for a discarded batch."""
    first, last = discard.records[0], discard.records[-1]
    document: dict[str, Any] = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{function_arn}:$LATEST",
            "condition": discard.condition,
            "approximateInvokeCount": discard.invokes,
        },
        "version": "1.0",
        "timestamp": _time(now),
        "KinesisBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _time(first.arrived_at),
            "approximateArrivalOfLastRecord": _time(last.arrived_at),
            "batchSize": len(discard.records),
            "streamArn": stream_arn,
        },
    }
    if discard.invokes:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if discard.error is not None:
            context["functionError"] = "Unhandled"
        document["responseContext"] = context
    return document


class FailureQueue:
    """An SQS queue that takes those documents."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, document: dict[str, Any]) -> None:
        """Send one document; raises botocore's errors."""
        self._sqs.send_message(
            QueueUrl=self._url, MessageBody=msgspec.json.encode(document).decode()
        )
