"""The one place where HTTP meets the core: bytes of events in, the stream's own answers out."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from contract.bundle import Manifest
from inference.model.champion import Champion, ModelUnavailable
from inference.model.predictor import Predictor
from inference.model.scorer import score
from inference.observability import Observer
from inference.stream.answers import now_text
from inference.stream.identity import prediction_id
from inference.stream.item import Answer, Item
from inference.stream.problems import NOT_JSON
from inference.web.errors import BatchTooLarge

SHORTEST_PAUSE_SECONDS = 1.0
"""Between two looks by the timer."""

_ORIGIN = "web"
_SPLIT = msgspec.json.Decoder(list[msgspec.Raw])


def is_list(body: bytes) -> bool:
    """Whether ``body`` is meant as a JSON array (RFC 8259 white space before it allowed)."""
    return body.lstrip(b" \t\r\n")[:1] == b"["


def split(body: bytes, limit: int) -> list[bytes] | None:
    """Cut a JSON array into the bytes of its elements; None when it is not JSON.

    Raises BatchTooLarge beyond ``limit`` elements.
    """
    try:
        elements = _SPLIT.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    if len(elements) > limit:
        raise BatchTooLarge(limit)
    return [bytes(element) for element in elements]


class Service:
    """Answers events with the champion: what is said here is what the stream would say.

    An answer over HTTP has no place in a stream: its prediction_id is made like the stream's, with a
    random name for the request in place of stream and shard, and its event_time is the request's
    arrival.
    """

    def __init__(self, champion: Champion, observer: Observer | None = None) -> None:
        self._champion = champion
        self._observer = observer

    def answer(self, events: Sequence[bytes]) -> list[Answer]:
        """Return one Answer per event, in order; raises ModelUnavailable or PredictionError."""
        arrived, name = now_text(), uuid.uuid4().hex
        items = [
            Item(event, "web", prediction_id(_ORIGIN, name, str(number)), arrived)
            for number, event in enumerate(events)
        ]
        return score(items, self._current()).answers

    def refuse(self) -> Answer:
        """Return the rejection of a body that is no JSON at all."""
        item = Item(b"", "web", str(uuid.uuid4()), now_text(), NOT_JSON)
        return score([item], self._current()).answers[0]

    def manifest(self) -> Manifest:
        """Return the served model's manifest; raises ModelUnavailable."""
        return self._current().manifest

    def known_manifest(self) -> Manifest | None:
        """Return the served model's manifest, or None while there is no model."""
        try:
            return self.manifest()
        except ModelUnavailable:
            return None

    @contextmanager
    def following(self) -> Iterator[None]:
        """Look at the pointer by a timer too, so that an idle service knows the newest model."""
        ended = threading.Event()
        pause = max(self._champion.refresh_seconds, SHORTEST_PAUSE_SECONDS)

        def follow() -> None:
            while not ended.wait(pause):
                self._champion.peek()
                self._report()

        thread = threading.Thread(target=follow, name="champion", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _current(self) -> Predictor:
        try:
            return self._champion.current()
        finally:
            self._report()

    def _report(self) -> None:
        # Empty but for the moment after a swap or a failed refresh.
        finished = self._champion.finished()
        if finished and self._observer is not None:
            self._observer.refreshes(finished)
            self._observer.flush()
