"""The auditor's reading: every record once, through errors, gone shards and a stream made anew."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from localcloud.lambda_host.shard import Record
from localcloud.lambda_host.source import ShardInfo
from localcloud.soak.follower import Follower


class Kinesis:
    """GetRecords of shards that are lists; a shard that is gone is not found."""

    def __init__(self) -> None:
        self.shards: dict[str, list[str]] = {"a": ["1", "2"]}
        self.away = False
        self.refused = 0
        self.created = 1.0

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        """Return "shard:position"."""
        after = request.get("StartingSequenceNumber", "0")
        held = self.shards[request["ShardId"]]
        return {"ShardIterator": f"{request['ShardId']}:{sum(n <= after for n in held)}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        """Return what there is from a position on."""
        shard, position = request["ShardIterator"].split(":")
        if self.away or shard not in self.shards:
            self.refused += 1
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetRecords")
        arrival = type("Arrival", (), {"timestamp": lambda self: 0.0})()
        records = [
            {
                "SequenceNumber": number,
                "PartitionKey": shard,
                "Data": b"",
                "ApproximateArrivalTimestamp": arrival,
            }
            for number in self.shards[shard][int(position) :]
        ]
        return {"Records": records, "NextShardIterator": f"{shard}:{len(self.shards[shard])}"}


class Stream:
    """A stream of that client."""

    name = "s"

    def __init__(self, kinesis: Kinesis) -> None:
        self.kinesis = kinesis

    def created(self) -> float:
        """When it was made."""
        return self.kinesis.created

    def shards(self) -> list[ShardInfo]:
        """Which shards there are."""
        return [ShardInfo(shard, (), False) for shard in self.kinesis.shards]


def test_every_record_comes_once() -> None:
    kinesis = Kinesis()
    seen: list[tuple[str, str]] = []

    def take(shard: str, records: list[Record]) -> None:
        seen.extend((shard, record.sequence_number) for record in records)

    def until(wanted: list[tuple[str, str]]) -> None:
        deadline = time.monotonic() + 60
        while seen != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        assert seen == wanted

    stream: Any = Stream(kinesis)
    follower = Follower(stream, take)
    follower.start()
    until([("a", "1"), ("a", "2")])
    kinesis.away = True
    while not kinesis.refused:
        time.sleep(0.01)
    kinesis.shards["a"].append("3")
    kinesis.away = False
    until([("a", "1"), ("a", "2"), ("a", "3")])
    kinesis.shards = {"b": ["4"]}
    until([("a", "1"), ("a", "2"), ("a", "3"), ("b", "4")])
    kinesis.shards, kinesis.created = {"b": ["5"]}, 2.0
    until([("a", "1"), ("a", "2"), ("a", "3"), ("b", "4"), ("b", "5")])
    follower.stop()
    assert follower.error is None


def test_what_the_auditor_raises_is_kept() -> None:
    def take(shard: str, records: list[Record]) -> None:
        raise ValueError(shard, records)

    stream: Any = Stream(Kinesis())
    follower = Follower(stream, take)
    follower.start()
    follower.join(60)
    assert isinstance(follower.error, ValueError)
