"""Send many students and collect their answers: back-pressure, retries, no answer counted twice."""

import json
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from inference.client import ClientUsageError
from inference.client.waiting import reason
from inference.stream.item import Answer
from inference.stream.publisher import MAX_ENTRIES, Publisher
from inference.stream.reader import IDLE_SECONDS, StreamReader


class Question(NamedTuple):
    """One record to send: its answer is known by its request id."""

    request_id: str
    partition_key: str
    data: bytes


class Exchange:
    """One run: `send` what is to be answered, then `collect` until everything is.

    ``wanted`` are the request ids whose answers count, each once, however often a record was sent.
    ``window`` limits how many records may be on their way; without a new answer for
    ``patience_seconds`` the run ends; ``take`` is given new answers as they come.
    """

    def __init__(
        self,
        publisher: Publisher,
        reader: StreamReader,
        wanted: Collection[str],
        window: int,
        patience_seconds: float,
        take: Callable[[list[dict[str, Any]]], object] = lambda _: None,
    ) -> None:
        self._publisher = publisher
        self._reader = reader
        self._wanted = set(wanted)
        self._window = max(window, MAX_ENTRIES)
        self._patience = patience_seconds
        self._take = take
        self._last_answer = time.monotonic()
        self._waiting: set[str] = set()
        self.answers: dict[str, dict[str, Any]] = {}

    def catch_up(self) -> None:
        """Read what is on the output stream already, for as long as the patience lasts."""
        end = time.monotonic() + self._patience
        empty = 0
        while empty < 2 and time.monotonic() < end:
            empty = 0 if self._read() else empty + 1

    def send(self, questions: list[Question]) -> None:
        """Put questions on the input stream; reads answers when too far ahead.

        Raises ClientUsageError with the stream's error codes when a chunk cannot be sent.
        """
        sent = 0
        for start in range(0, len(questions), MAX_ENTRIES):
            while len(self._waiting) > self._window - MAX_ENTRIES:
                if not self._wait():
                    raise ClientUsageError(f"no answer for {self._patience:g} seconds; {reason()}")
            chunk = questions[start : start + MAX_ENTRIES]
            records = [Answer(one.partition_key, one.data, "") for one in chunk]
            outcome = self._publisher.publish(records, self._countdown())
            sent += outcome.published
            self._waiting.update(one.request_id for one in chunk[: outcome.published])
            self._waiting.difference_update(self.answers)
            if outcome.published < len(chunk):
                codes = ", ".join(sorted(outcome.errors))
                raise ClientUsageError(
                    f"{sent} records sent, then the stream refused: {codes};"
                    " the same command again goes on"
                )
            self._read()

    def collect(self) -> int:
        """Read until all is answered or patience ends; return how many answers are lacking."""
        self._last_answer = time.monotonic()
        while self._waiting and self._wait():
            pass
        return len(self._waiting)

    def _wait(self) -> bool:
        """Read once; return whether more reading makes sense."""
        before = len(self.answers)
        if self._read() and len(self.answers) > before:
            self._last_answer = time.monotonic()
            return True
        time.sleep(IDLE_SECONDS)
        return time.monotonic() - self._last_answer < self._patience

    def _read(self) -> int:
        """Look at every shard once; return how many records there were, of whoever's."""
        records = self._reader.read()
        new = []
        for record in records:
            answer = json.loads(record["Data"])
            request_id = answer.get("request_id")
            if request_id in self._wanted:
                self._wanted.remove(request_id)
                self._waiting.discard(request_id)
                self.answers[request_id] = answer
                new.append(answer)
        if new:
            self._take(new)
        return len(records)

    def _countdown(self) -> Callable[[], float]:
        """Return the seconds left of the patience, which holds one whole attempt at least."""
        end = time.monotonic() + max(self._patience, self._publisher.attempt_seconds)
        return lambda: end - time.monotonic()
