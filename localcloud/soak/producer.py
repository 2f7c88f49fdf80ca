"""The soak's traffic: puts for as long as it runs, no faster than answers come."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from inference.stream.identity import prediction_id
from localcloud.soak.records import Entry

_AGAIN_SECONDS = 0.2
_FULL_SECONDS = 0.02


class Producer(threading.Thread):
    """Puts chunks while ``backlog()`` is below ``limit``; ``pause`` returns once nothing is put.

    A put that failed is sent again, as a careful client does: where the stream had taken it after
    all, its records are on it twice, as two inputs. ``puts`` are those the stream acknowledged.
    """

    def __init__(
        self,
        kinesis: Any,
        stream: tuple[str, str],
        chunks: Iterator[list[Entry]],
        backlog: Callable[[int], int],
        limit: int,
    ) -> None:
        super().__init__(name="producer", daemon=True)
        self._kinesis = kinesis
        self._name, self._arn = stream
        self._chunks = chunks
        self._backlog, self._limit = backlog, limit
        self._run = threading.Event()
        self._idle = threading.Event()
        self._ended = False
        self.puts: list[str] = []
        self.last: dict[str, str] = {}
        self.records = 0
        self.failed_puts = 0

    def pause(self) -> None:
        """Put nothing more; returns when nothing is under way."""
        self._run.clear()
        self._idle.wait()

    def resume(self) -> None:
        """Go on putting."""
        self._idle.clear()
        self._run.set()

    def stop(self) -> None:
        """End for good."""
        self._ended = True
        self.resume()
        self.join(60)

    def run(self) -> None:
        """Put until stopped; a chunk that cannot be put holds the pause up only for its try."""
        waiting: list[Entry] = []
        while not self._ended:
            if not self._run.is_set():
                self._idle.set()
                self._run.wait()
                continue
            if self._backlog(self.records) >= self._limit:
                threading.Event().wait(_FULL_SECONDS)
                continue
            waiting = self._put(waiting or next(self._chunks))

    def _put(self, entries: list[Entry]) -> list[Entry]:
        """Put once; return what has to be put again."""
        wanted = [{"Data": entry.data, "PartitionKey": entry.key} for entry in entries]
        try:
            answer = self._kinesis.put_records(StreamName=self._name, Records=wanted)
        except (BotoCoreError, ClientError):
            self.failed_puts += 1
            threading.Event().wait(_AGAIN_SECONDS)
            return entries
        failed = []
        for entry, result in zip(entries, answer["Records"], strict=True):
            if "ErrorCode" in result:
                failed.append(entry)
                continue
            shard, number = result["ShardId"], result["SequenceNumber"]
            self.last[shard] = prediction_id(self._arn, shard, number)
            self.puts.append(self.last[shard])
            self.records += entry.size
        return failed
