"""Read a Kinesis stream: every shard, from a starting position, for as long as wanted."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

LIMIT = 10_000
OLDEST = {"ShardIteratorType": "TRIM_HORIZON"}
NEWEST = {"ShardIteratorType": "LATEST"}
IDLE_SECONDS = 0.25
"""Pause after a round without records: a shard allows five GetRecords a second."""


class StreamReader:
    """Yields the records of all shards, from ``start`` on: OLDEST, NEWEST or a moment.

    New shards of a resharded stream are found on the way.
    """

    def __init__(
        self,
        client: Any,
        stream_name: str,
        start: datetime | dict[str, str] = OLDEST,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._stream_name = stream_name
        self._sleep = sleep
        self._iterators: dict[str, str | None] = {}
        if isinstance(start, datetime):
            self._discover({"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": start})
        else:
            self._discover(start)

    def rounds(self) -> Iterator[list[dict[str, Any]]]:
        """Yield `read` for ever, with a pause after each empty round."""
        while True:
            records = self.read()
            yield records
            if not records:
                self._sleep(IDLE_SECONDS)

    def read(self) -> list[dict[str, Any]]:
        """Return the records of one look at every shard."""
        records: list[dict[str, Any]] = []
        for shard, iterator in list(self._iterators.items()):
            if iterator is not None:
                records.extend(self._read(shard, iterator))
        return records

    def _read(self, shard: str, iterator: str) -> list[dict[str, Any]]:
        try:
            answer = self._client.get_records(ShardIterator=iterator, Limit=LIMIT)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code != "ProvisionedThroughputExceededException":
                raise
            self._sleep(IDLE_SECONDS)
            return []
        self._iterators[shard] = answer.get("NextShardIterator")
        if self._iterators[shard] is None:
            self._discover(OLDEST)
        records: list[dict[str, Any]] = answer["Records"]
        return records

    def _discover(self, start: dict[str, Any]) -> None:
        query: dict[str, str] = {"StreamName": self._stream_name}
        while query:
            page = self._client.list_shards(**query)
            for shard in page["Shards"]:
                name = shard["ShardId"]
                if name not in self._iterators:
                    answer = self._client.get_shard_iterator(
                        StreamName=self._stream_name, ShardId=name, **start
                    )
                    self._iterators[name] = answer["ShardIterator"]
            query = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
