"""Kinesis as AWS documents it where the emulator falls short: closed parents stay readable after a
reshard, iterators expire, reads are throttled, old records are trimmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError


def error(code: str) -> ClientError:
    """Return the error AWS's SDK raises."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetRecords")


class FakeKinesis:
    """Shards of records held in memory; ``faults`` are raised by the next reads, first first."""

    def __init__(self) -> None:
        self.shards: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []
        self.reads: list[str] = []
        self.created = datetime(2025, 1, 1, tzinfo=UTC)
        self._next = 10**55

    def open(self, shard: str, *parents: str) -> None:
        """Open a shard; its parents are closed."""
        for parent in parents:
            self.shards[parent]["closed"] = True
        self.shards[shard] = {"records": [], "closed": False, "parents": parents, "trimmed": 0}

    def anew(self) -> None:
        """Delete the stream and make it again: no shard yet, the same ids to come."""
        self.shards.clear()
        self.created += timedelta(seconds=1)

    def put(self, shard: str, records: list[bytes]) -> None:
        """Append records with sequence numbers of 56 digits."""
        for data in records:
            self._next += 1
            record = {"SequenceNumber": str(self._next), "Data": data}
            self.shards[shard]["records"].append(record)

    def trim(self, shard: str, count: int) -> None:
        """Let retention take the oldest records."""
        del self.shards[shard]["records"][:count]
        self.shards[shard]["trimmed"] = self._next

    # pylint: disable=invalid-name
    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        """Tell when the stream was made."""
        return {"StreamDescriptionSummary": {"StreamCreationTimestamp": self.created}}

    def list_shards(self, **arguments: Any) -> dict[str, Any]:
        """Answer one shard a page."""
        names = list(self.shards)
        index = int(arguments.get("NextToken", 0))
        name = names[index]
        listed: dict[str, Any] = {"ShardId": name}
        keys = ("ParentShardId", "AdjacentParentShardId")
        listed.update(zip(keys, self.shards[name]["parents"], strict=False))
        answer: dict[str, Any] = {"Shards": [listed]}
        if index + 1 < len(names):
            answer["NextToken"] = str(index + 1)
        return answer

    def get_shard_iterator(
        self, *, StreamName: str, ShardId: str, ShardIteratorType: str, **place: str
    ) -> dict[str, str]:
        """Return "shard:position"."""
        del StreamName
        records = self.shards[ShardId]["records"]
        position = 0
        if ShardIteratorType == "LATEST":
            position = len(records)
        elif ShardIteratorType == "AFTER_SEQUENCE_NUMBER":
            after = place["StartingSequenceNumber"]
            if int(after) < self.shards[ShardId]["trimmed"] - len(records):
                raise error("InvalidArgumentException")
            position = sum(int(r["SequenceNumber"]) <= int(after) for r in records)
        return {"ShardIterator": f"{ShardId}:{position}"}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:
        """Read on; no next iterator at the end of a closed shard."""
        if self.faults:
            raise error(self.faults.pop(0))
        shard, position = ShardIterator.split(":")
        self.reads.append(shard)
        held = self.shards[shard]
        end = min(int(position) + Limit, len(held["records"]))
        answer = {"Records": held["records"][int(position) : end], "MillisBehindLatest": 0}
        if not (held["closed"] and end == len(held["records"])):
            answer["NextShardIterator"] = f"{shard}:{end}"
        return answer
