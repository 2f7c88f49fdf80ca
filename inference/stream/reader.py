"""Read a Kinesis stream: every shard, from a starting position, for as long as wanted."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

_LOG = logging.getLogger(__name__)
_LOST = ("ExpiredIteratorException", "ResourceNotFoundException")
LIMIT = 10_000
OLDEST = "TRIM_HORIZON"
NEWEST = "LATEST"
IDLE_SECONDS = 0.25
"""Pause after a round without records: a shard allows five GetRecords a second."""
LOOK_SECONDS = 5.0
"""A stream made anew under the same name is found out this late: its iterators may just be quiet."""


class StreamReader:
    """Yields the records of all shards, from ``start`` on: OLDEST, NEWEST or a moment.

    New shards of a resharded stream are found on the way; a stream that is made anew meanwhile is
    read from its start.
    """

    def __init__(
        self,
        client: Any,
        stream_name: str,
        start: datetime | str = OLDEST,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._stream_name = stream_name
        self._sleep = sleep
        self._iterators: dict[str, str | None] = {}
        self._created = self._creation()
        self._looked = time.monotonic()
        if isinstance(start, datetime):
            self._discover({"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": start})
        else:
            self._discover({"ShardIteratorType": start})

    def rounds(self) -> Iterator[list[dict[str, Any]]]:
        """Yield `read` for ever, with a pause after each empty round."""
        while True:
            records = self.read()
            yield records
            if not records:
                self._sleep(IDLE_SECONDS)

    def read(self) -> list[dict[str, Any]]:
        """Return the records of one look at every shard."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._start_over_if_made_anew()
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
            if code in _LOST and self._start_over_if_made_anew():
                return []
            if code != "ProvisionedThroughputExceededException":
                raise
            self._sleep(IDLE_SECONDS)
            return []
        self._iterators[shard] = answer.get("NextShardIterator")
        if self._iterators[shard] is None:
            self._discover({"ShardIteratorType": OLDEST})
        records: list[dict[str, Any]] = answer["Records"]
        return records

    def _creation(self) -> datetime:
        answer = self._client.describe_stream_summary(StreamName=self._stream_name)
        created: datetime = answer["StreamDescriptionSummary"]["StreamCreationTimestamp"]
        return created

    def _start_over_if_made_anew(self) -> bool:
        self._looked = time.monotonic()
        created = self._creation()
        if created == self._created:
            return False
        _LOG.warning("stream %s was made anew: reading it from its start", self._stream_name)
        self._created, self._iterators = created, {}
        self._discover({"ShardIteratorType": OLDEST})
        return True

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
