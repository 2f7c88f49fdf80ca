"""Lambda's JSON documents: the event a batch becomes, its answer, the on-failure message.

Sources: docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html (success
and failure conditions) and kinesis-on-failure-destination.html (KinesisBatchInfo, version 1.0).
"""

import base64
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from localcloud.lambda_host.instance import Invocation
from localcloud.lambda_host.shard import Discard, Outcome, Record


def event(records: Sequence[Record], shard_id: str, stream_arn: str, function_arn: str) -> bytes:
    """Return the Kinesis event JSON (``{"Records": [...]}``) for a batch, in its order."""
    region = stream_arn.split(":")[3]
    identity = f"arn:aws:iam::{function_arn.split(':')[4]}:role/{function_arn.rpartition(':')[2]}"
    entries = [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key,
                "sequenceNumber": record.sequence_number,
                "data": base64.b64encode(record.data).decode("ascii"),
                "approximateArrivalTimestamp": record.arrived_at,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{record.sequence_number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": identity,
            "awsRegion": region,
            "eventSourceARN": stream_arn,
        }
        for record in records
    ]
    return msgspec.json.encode({"Records": entries})


def interpret(
    invocation: Invocation, sequence_numbers: Sequence[str], report_batch_item_failures: bool
) -> Outcome:
    """Return how many records of the batch, from its start, are done.

    With ReportBatchItemFailures the lowest reported sequence number counts: it and everything after
    it is retried. Null, ``{}`` and an empty or null list mean success; an unknown, empty or missing
    identifier means the whole batch failed.
    """
    size = len(sequence_numbers)
    if invocation.error is not None:
        return Outcome(0, error=invocation.error)
    if not report_batch_item_failures:
        return Outcome(size)
    try:
        lowest = lowest_failure(invocation.payload, sequence_numbers)
    except ValueError:
        return Outcome(0, error="MalformedResponse")
    return Outcome(size if lowest is None else lowest)


def lowest_failure(payload: bytes, sequence_numbers: Sequence[str]) -> int | None:
    """Return the position of the lowest reported record; ValueError where it makes no sense."""
    try:
        answer = msgspec.json.decode(payload or b"null")
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    if failures is None:
        return None
    if not isinstance(failures, list) or not all(isinstance(failure, dict) for failure in failures):
        raise ValueError("batchItemFailures is not a list of objects")
    # Raises ValueError for an identifier that is null, empty or not of this batch.
    return min(
        (sequence_numbers.index(failure.get("itemIdentifier")) for failure in failures),
        default=None,
    )


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(
    discard: Discard, shard_id: str, stream_arn: str, function_arn: str, now: float
) -> dict[str, Any]:
    """Return what AWS sends for a discarded batch: metadata, never the records themselves."""
    first, last = discard.records[0], discard.records[-1]
    document: dict[str, Any] = {
        "requestContext": {
            # One that was never invoked has none.
            "requestId": discard.request_id or str(uuid.uuid4()),
            "functionArn": function_arn,
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
