"""The records a failure message stands for, fetched from the stream as the mapping handed them over."""

import base64
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError

from inference.client.failures import Batch
from inference.stream.envelope import KINESIS, unpack
from inference.stream.publisher import MAX_ENTRIES

MAXIMUM_PAYLOAD_BYTES = 6 * 1024 * 1024 - 1024
"""Lambda's limit for the event of a synchronous invocation, less what goes around the records."""

_GONE = {"ResourceNotFoundException", "InvalidArgumentException"}
"""What Kinesis says of a shard, or of a sequence number, that it no longer knows."""


class Record(NamedTuple):
    """One record: its sequence number, its entry in Lambda's event, and the ids of its answers."""

    sequence_number: str
    entry: bytes
    prediction_ids: tuple[str, ...]


class Fetched(NamedTuple):
    """What the stream still holds of a batch; ``lost`` is how many its retention has taken.

    Lanes of a mapping share a shard, so records of other batches may lie in between. They come
    too: a second answer under the same id is dropped by whoever reads it.
    """

    records: list[Record]
    lost: int


def fetch(kinesis: Any, batch: Batch) -> Fetched:
    """Read a batch's records again, by shard and sequence number.

    Retention takes the oldest first, so a batch whose first record is there is whole. A stream
    made anew since holds none of it, whatever it calls its shards.
    """
    name = batch.stream_arn.rpartition("/")[2]
    about = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    if about["StreamCreationTimestamp"] > batch.approximate_arrival_of_last_record:
        return Fetched([], batch.batch_size)
    found = [_record(one, batch) for one in _within(kinesis, name, batch)]
    whole = bool(found) and int(found[0].sequence_number) == int(batch.start_sequence_number)
    return Fetched(found, max(batch.batch_size - len(found), 0 if whole else 1))


def _within(kinesis: Any, name: str, batch: Batch) -> Iterator[dict[str, Any]]:
    first, last = int(batch.start_sequence_number), int(batch.end_sequence_number)
    try:
        iterator = kinesis.get_shard_iterator(
            StreamName=name,
            ShardId=batch.shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=batch.start_sequence_number,
        )["ShardIterator"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return
        raise
    while iterator:
        page = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        for record in page["Records"]:
            number = int(record["SequenceNumber"])
            if first <= number <= last:
                yield record
            if number >= last:
                return
        # An empty page says nothing while the stream goes on behind it.
        if not page["Records"] and not page.get("MillisBehindLatest"):
            return
        iterator = page.get("NextShardIterator")


def _record(record: dict[str, Any], batch: Batch) -> Record:
    entry = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode("ascii"),
            "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
        },
        "eventSource": KINESIS,
        "eventVersion": "1.0",
        "eventID": f"{batch.shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "awsRegion": batch.stream_arn.split(":")[3],
        "eventSourceARN": batch.stream_arn,
    }
    parts = unpack({"Records": [entry]}, MAX_ENTRIES)
    ids = tuple(item.prediction_id for part in parts for item in part.items)
    return Record(record["SequenceNumber"], msgspec.json.encode(entry), ids)


def event(records: Sequence[Record]) -> bytes:
    """Return Lambda's event of these records."""
    return b'{"Records":[' + b",".join(record.entry for record in records) + b"]}"


def invocations(records: Sequence[Record], most: int) -> list[list[Record]]:
    """Cut into what fits an invocation: ``most`` records, as the mapping had, and Lambda's limit."""
    parts: list[list[Record]] = []
    size = 0
    for record in records:
        size += len(record.entry) + 1
        if not parts or len(parts[-1]) >= most or size > MAXIMUM_PAYLOAD_BYTES:
            parts.append([])
            size = len(record.entry) + 1
        parts[-1].append(record)
    return parts
