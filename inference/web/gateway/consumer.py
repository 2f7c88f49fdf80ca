"""The output stream's reader: a thread that keeps the answers waiting, started when first needed."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from inference.web.gateway.waiting_answers import KEEP_SECONDS, WaitingAnswers

RESTART_SECONDS = 2.0
OVERLAP = timedelta(seconds=10)
"""Read again after a restart; an answer met twice only takes its own place."""


class _Addressed(msgspec.Struct):
    request_id: str | None = None


_DECODER = msgspec.json.Decoder(_Addressed)

PREFIX = "web-"
"""Of the ids this service gives; whatever else is on the stream is nobody's to fetch here."""

Rounds = Callable[[datetime], Iterable[list[dict[str, Any]]]]
"""From a point in time on, what one look at every shard gave, again and again."""


class Consumer:
    """Reads the output stream from KEEP_SECONDS before its start, for as long as the process lives.

    ``rounds`` opens the stream; whatever AWS error ends it, it is opened again where it ended.
    """

    def __init__(self, rounds: Rounds, waiting: WaitingAnswers) -> None:
        self._rounds = rounds
        self._waiting = waiting
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._failing = False

    @property
    def failing(self) -> bool:
        """Whether the stream could not be read when it was last tried."""
        return self._failing

    def start(self) -> None:
        """Start reading, unless it already runs."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="predictions", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Stop after the present look at the stream, and wait for that."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        position = datetime.now(timezone.utc) - timedelta(seconds=KEEP_SECONDS)
        while not self._stopped.is_set():
            try:
                for records in self._rounds(position):
                    self._failing = False
                    for record in records:
                        self._keep(record["Data"])
                        position = max(position, record["ApproximateArrivalTimestamp"] - OVERLAP)
                    if self._stopped.is_set():
                        return
            except (BotoCoreError, ClientError) as error:
                self._failing = True
                logging.getLogger("web").warning("output stream: %s", type(error).__name__)
            self._stopped.wait(RESTART_SECONDS)

    def _keep(self, data: bytes) -> None:
        try:
            request_id = _DECODER.decode(data).request_id
        except (msgspec.MsgspecError, UnicodeError):
            return
        if request_id and request_id.startswith(PREFIX):
            self._waiting.put(request_id, data)
