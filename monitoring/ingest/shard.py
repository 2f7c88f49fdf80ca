"""Reading a Kinesis stream shard by shard, children only after their parents."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from monitoring.clients import error_code
from monitoring.ingest.batch import StreamRecord
from monitoring.ingest.checkpoint import Checkpoint, Stream

_EXPIRED: Final = ("ExpiredIteratorException", "ExpiredNextTokenException")
_TRIMMED: Final = ("InvalidArgumentException",)
THROTTLED: Final = ("ProvisionedThroughputExceededException", "LimitExceededException")


class Shard(NamedTuple):
    """A shard of a stream and the shards it came from."""

    shard_id: str
    parents: tuple[str, ...]


class Read(NamedTuple):
    """One answer of GetRecords; ``closed`` when the shard has been read to its end."""

    records: list[StreamRecord]
    millis_behind: int | None
    closed: bool


def identify(client: Any, name: str) -> Stream:
    """Return which stream goes by the name now."""
    summary = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return Stream(name, summary["StreamCreationTimestamp"])


def list_shards(client: Any, stream: str) -> list[Shard]:
    """Return every shard of the stream, closed ones included, in the service's order."""
    shards: list[Shard] = []
    arguments: dict[str, Any] = {"StreamName": stream}
    while True:
        answer = client.list_shards(**arguments)
        for shard in answer["Shards"]:
            parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
            shards.append(Shard(shard["ShardId"], tuple(p for p in parents if p)))
        if not answer.get("NextToken"):
            return shards
        arguments = {"NextToken": answer["NextToken"]}


def readable(checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    """Return the shards to read now: unfinished, every known parent finished.

    A parent that is not known has been trimmed by retention: there is nothing left to wait for.
    """
    known = {place.shard_id: place for place in checkpoints}
    return [
        place
        for place in known.values()
        if not place.finished and all(known[p].finished for p in place.parents if p in known)
    ]


class Reader:
    """Reads one shard from a position; renews an expired iterator; survives trimmed records."""

    def __init__(self, client: Any, stream: str, start: str) -> None:
        self._client = client
        self._stream = stream
        self._start = start
        self._iterators: dict[str, str] = {}

    def seek(self, shard_id: str) -> None:
        """Forget the iterator: the next read starts at the checkpoint given to it."""
        self._iterators.pop(shard_id, None)

    def read(self, checkpoint: Checkpoint, limit: int) -> Read:
        """Read up to ``limit`` records after the checkpoint; raises ClientError when throttled."""
        shard = checkpoint.shard_id
        if shard not in self._iterators:
            self._iterators[shard] = self._iterator(checkpoint)
        try:
            answer = self._client.get_records(ShardIterator=self._iterators[shard], Limit=limit)
        except ClientError as error:
            if error_code(error) not in _EXPIRED:
                raise
            self._iterators[shard] = self._iterator(checkpoint)
            answer = self._client.get_records(ShardIterator=self._iterators[shard], Limit=limit)
        following = answer.get("NextShardIterator")
        if following:
            self._iterators[shard] = following
        else:
            self.seek(shard)
        records = [StreamRecord(r["SequenceNumber"], r["Data"]) for r in answer["Records"]]
        return Read(records, answer.get("MillisBehindLatest"), not following)

    def _iterator(self, checkpoint: Checkpoint) -> str:
        place: dict[str, str] = {"ShardIteratorType": self._start}
        if checkpoint.parents or checkpoint.from_start:
            place = {"ShardIteratorType": "TRIM_HORIZON"}
        if checkpoint.sequence_number is not None:
            place = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": checkpoint.sequence_number,
            }
        arguments = {"StreamName": self._stream, "ShardId": checkpoint.shard_id}
        try:
            answer = self._client.get_shard_iterator(**arguments, **place)
        except ClientError as error:
            # the checkpoint is older than the stream's retention: go on with what is left
            if error_code(error) not in _TRIMMED or checkpoint.sequence_number is None:
                raise
            answer = self._client.get_shard_iterator(**arguments, ShardIteratorType="TRIM_HORIZON")
        return str(answer["ShardIterator"])
