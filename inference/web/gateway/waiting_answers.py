"""Answers waiting to be fetched: in memory only, bounded in number, bytes and age."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_ANSWERS = 50_000
MAX_BYTES = 64 * 1024 * 1024
KEEP_SECONDS = 900.0


class WaitingAnswers:
    """Answers by id; the oldest leave first. Safe to share by threads."""

    def __init__(
        self,
        max_answers: int = MAX_ANSWERS,
        max_bytes: int = MAX_BYTES,
        keep_seconds: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_answers = max_answers
        self._max_bytes = max_bytes
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._answers: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, request_id: str, answer: bytes) -> None:
        """Keep ``answer``; a later one for the same id takes its place."""
        with self._lock:
            self._drop(request_id)
            self._answers[request_id] = (self._clock(), answer)
            self._bytes += len(answer)
            while len(self._answers) > self._max_answers or self._bytes > self._max_bytes:
                self._drop(next(iter(self._answers)))
            self._expire()

    def get(self, request_id: str) -> bytes | None:
        """Return the answer, or None while there is none; it may be fetched again."""
        with self._lock:
            self._expire()
            _, answer = self._answers.get(request_id, (0.0, None))
            return answer

    def _drop(self, request_id: str) -> None:
        _, answer = self._answers.pop(request_id, (0.0, b""))
        self._bytes -= len(answer)

    def _expire(self) -> None:
        oldest_kept = self._clock() - self._keep_seconds
        while self._answers:
            request_id, (since, _) = next(iter(self._answers.items()))
            if since >= oldest_kept:
                return
            self._drop(request_id)
