"""The model that serves: verified before it takes over, swapped between batches only.

A refresh runs beside the batch that finds it due, in a thread of its own, and gets at most
``patience_seconds`` of that batch; a slower one takes over at the next batch. A refresh that fails
leaves the last good model serving.
"""

import threading
import time
from collections import deque
from typing import NamedTuple

from contract.bundle import (
    MANIFEST_FILE,
    MODEL_FILE,
    POINTER_FILE,
    BundleError,
    check_file,
    parse_manifest,
    parse_pointer,
)
from contract.errors import StudentPerformanceError
from inference.model.predictor import Predictor
from inference.model.store import Store

REFRESH_SHARE = 0.5
"""Look for a new champion after this share of the refresh time, so that it is live within it."""

PATIENCE_SECONDS = 0.03
"""What a refresh may cost the batch that starts it; with the batch's own share of the interpreter
lock this keeps a swap below 50 ms."""


class ModelUnavailable(StudentPerformanceError):
    """No verified model could be loaded since the start; nothing can be answered."""

    code = "model_unavailable"


class Refresh(NamedTuple):
    """What one look at the pointer gave: its tag, a new model (None if unchanged) or an error."""

    tag: str | None
    predictor: Predictor | None
    error: BundleError | None


def load(
    store: Store, model_name: str, known: str | None = None, pointer: str = POINTER_FILE
) -> Refresh:
    """Look at the pointer and, if it changed, fetch and verify what it points to; never raises."""
    try:
        file = store.pointer(known, pointer)
        if file is None:
            return Refresh(known, None, None)
        target = parse_pointer(file.data)
        manifest = parse_manifest(store.file(target.version, MANIFEST_FILE), target.manifest_sha256)
        if (manifest.name, manifest.version) != (model_name, target.version):
            raise BundleError(f"{pointer} and its manifest name different models")
        model = store.file(target.version, MODEL_FILE)
        check_file(manifest, MODEL_FILE, model)
        return Refresh(file.tag, Predictor(manifest, model), None)
    except BundleError as error:
        return Refresh(known, None, error)
    except Exception as error:  # pylint: disable=broad-exception-caught
        # Whatever else a strange bundle or store can raise must not end the refreshing.
        return Refresh(known, None, BundleError(f"{pointer}: {type(error).__name__}"))


class Champion:
    """Hands out the Predictor a pointer names; safe to share by threads.

    ::

        champion = Champion(open_store(settings), settings.model_name, refresh_seconds=60)
        champion.current().predict(rows)         # once per batch: a swap comes between two

    ``refresh_seconds`` is the time within which a new pointer is followed (0 looks for every
    batch); ``pointer`` is the pointer's file name.
    """

    def __init__(
        self,
        store: Store,
        model_name: str,
        refresh_seconds: float,
        patience_seconds: float = PATIENCE_SECONDS,
        pointer: str = POINTER_FILE,
    ) -> None:
        self._source = store, model_name, pointer
        self._period = refresh_seconds * REFRESH_SHARE
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._state = Refresh(None, None, None)
        self._due = 0.0
        self._finished: deque[Refresh] = deque(maxlen=100)

    def current(self) -> Predictor:
        """Return the model for the next batch; raises ModelUnavailable when there is none."""
        thread = self._refresh_if_due()
        if thread is not None:
            thread.join(self._patience if self._state.predictor else None)
        state = self._state
        if state.predictor is None:
            raise ModelUnavailable(f"no model can serve: {state.error}")
        return state.predictor

    def peek(self) -> Predictor | None:
        """Return the model there is, without ever waiting; refresh it when that is due."""
        self._refresh_if_due()
        return self._state.predictor

    def finished(self) -> list[Refresh]:
        """Return the refreshes finished since the last call that swapped or failed."""
        finished = []
        while self._finished:
            finished.append(self._finished.popleft())
        return finished

    def _refresh_if_due(self) -> threading.Thread | None:
        with self._lock:
            due = self._state.predictor is None or time.monotonic() >= self._due
            if self._thread is None and due:
                self._due = time.monotonic() + self._period
                self._thread = threading.Thread(target=self._refresh, daemon=True)
                self._thread.start()
            return self._thread

    def _refresh(self) -> None:
        store, model_name, pointer = self._source
        refresh = load(store, model_name, self._state.tag, pointer)
        with self._lock:
            serving = refresh.predictor or self._state.predictor
            self._state = Refresh(refresh.tag, serving, refresh.error)
            if refresh.predictor or refresh.error:
                self._finished.append(refresh)
            self._thread = None
