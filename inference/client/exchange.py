"""Send many students and collect their answers: back-pressure, retries, no answer counted twice."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from inference.client import ClientUsageError
from inference.client.waiting import reason
from inference.stream.item import Answer
from inference.stream.publisher import MAX_ENTRIES, Publisher
from inference.stream.reader import IDLE_SECONDS, StreamReader

LOOK_BACK = timedelta(seconds=60)
"""Reading starts this long before sending: clocks differ, and answers of other runs are skipped."""

SEND_SECONDS = 60.0
"""How long a throttled chunk is retried before the run stops."""


class Exchange:
    """One run: `send` what is to be answered, then `collect` until everything is.

    ``window`` limits how many records may be on their way; without a new answer for
    ``patience_seconds`` the run ends; ``progress`` is called with the number of new answers.
    """

    def __init__(
        self,
        publisher: Publisher,
        open_reader: Callable[[datetime], StreamReader],
        window: int,
        patience_seconds: float,
        progress: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._run = uuid.uuid4().hex[:16]
        self._publisher = publisher
        self._reader = open_reader(datetime.now(timezone.utc) - LOOK_BACK)
        self._window = max(window, MAX_ENTRIES)
        self._patience = patience_seconds
        self._progress = progress
        self._last_answer = time.monotonic()
        self._sent = 0
        self.answers: dict[int, dict[str, Any]] = {}

    def request_id(self, number: int) -> str:
        """Return the request id of record ``number`` of this run."""
        return f"{self._run}-{number}"

    def send(self, records: list[tuple[str, bytes]]) -> None:
        """Put (partition key, data) records on the input stream; reads answers when too far ahead.

        Raises ClientUsageError with the stream's error codes when a chunk cannot be sent.
        """
        for start in range(0, len(records), MAX_ENTRIES):
            while self._sent - len(self.answers) > self._window - MAX_ENTRIES:
                if not self._wait():
                    raise ClientUsageError(f"no answer for {self._patience:g} seconds; {reason()}")
            chunk = [Answer(key, data, "") for key, data in records[start : start + MAX_ENTRIES]]
            outcome = self._publisher.publish(chunk, _countdown(SEND_SECONDS))
            self._sent += outcome.published
            if outcome.published < len(chunk):
                codes = ", ".join(sorted(outcome.errors))
                raise ClientUsageError(
                    f"{self._sent} records sent, then the stream refused: {codes}"
                )
            self._read()

    def collect(self) -> int:
        """Read until all is answered or patience ends; return how many answers are lacking."""
        self._last_answer = time.monotonic()
        while len(self.answers) < self._sent and self._wait():
            pass
        return self._sent - len(self.answers)

    def _wait(self) -> bool:
        """Read once; return whether more reading makes sense."""
        if self._read():
            self._last_answer = time.monotonic()
            return True
        time.sleep(IDLE_SECONDS)
        return time.monotonic() - self._last_answer < self._patience

    def _read(self) -> int:
        new = 0
        for record in self._reader.read():
            answer = json.loads(record["Data"])
            run, _, number = str(answer.get("request_id")).rpartition("-")
            if run == self._run and int(number) not in self.answers:
                self.answers[int(number)] = answer
                new += 1
        if new:
            self._progress(new)
        return new


def _countdown(seconds: float) -> Callable[[], float]:
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()
