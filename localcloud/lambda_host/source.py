"""Reading Kinesis shards: which there are, and their records in order."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from localcloud.lambda_host.checkpoint import Position
from localcloud.lambda_host.shard import Record


@dataclass(frozen=True)
class ShardInfo:
    """A shard of the stream; ``parents`` are the shards it came from by a split or a merge."""

    shard_id: str
    parents: tuple[str, ...]
    closed: bool


class Stream:
    """A Kinesis stream seen through boto3."""

    def __init__(self, kinesis: Any, name: str) -> None:
        self.kinesis = kinesis
        self.name = name
        self.arn: str = self._summary()["StreamARN"]

    def _summary(self) -> Any:
        answer = self.kinesis.describe_stream_summary(StreamName=self.name)
        return answer["StreamDescriptionSummary"]

    def created(self) -> float:
        """Return when it was made: what tells it from an earlier stream of the same name."""
        return float(self._summary()["StreamCreationTimestamp"].timestamp())

    def shards(self) -> list[ShardInfo]:
        """List the stream's shards, closed ones within retention included."""
        pages = self.kinesis.get_paginator("list_shards").paginate(StreamName=self.name)
        known = []
        for shard in (shard for page in pages for shard in page["Shards"]):
            parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
            closed = "EndingSequenceNumber" in shard["SequenceNumberRange"]
            known.append(ShardInfo(shard["ShardId"], tuple(p for p in parents if p), closed))
        return known


class ShardReader:
    """The records of one shard from a position on."""

    def __init__(self, stream: Stream, shard_id: str, position: Position) -> None:
        self._stream = stream
        self._shard_id = shard_id
        self._position = position
        self._iterator: str | None = None
        self.ended = False

    def _open(self) -> str:
        request: dict[str, Any] = {"StreamName": self._stream.name, "ShardId": self._shard_id}
        if self._position.sequence_number is not None:
            request |= {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": self._position.sequence_number,
            }
        elif self._position.timestamp is not None:
            request |= {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self._position.timestamp}
        else:
            request["ShardIteratorType"] = "TRIM_HORIZON"
        return str(self._stream.kinesis.get_shard_iterator(**request)["ShardIterator"])

    def read(self, limit: int) -> list[Record]:
        """Return the next records, ``limit`` at most; sets ``ended`` behind a closed shard's last."""
        if self._iterator is None:
            self._iterator = self._open()
        try:
            page = self._stream.kinesis.get_records(ShardIterator=self._iterator, Limit=limit)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExpiredIteratorException":
                raise
            self._iterator = None
            return []
        self._iterator = page.get("NextShardIterator")
        self.ended = self._iterator is None
        records = [
            Record(
                record["SequenceNumber"],
                record["PartitionKey"],
                record["Data"],
                record["ApproximateArrivalTimestamp"].timestamp(),
            )
            for record in page["Records"]
        ]
        if records:
            self._position = Position(sequence_number=records[-1].sequence_number)
        return records
