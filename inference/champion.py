"""The model that serves: verified before it takes over, swapped between batches only.

A refresh runs beside the batch that finds it due (its own thread) and gets at most
``patience_seconds`` of that batch; a slower one takes over at the next batch. A refresh that fails
leaves the last good model serving.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from inference.bundle import (
    MANIFEST_FILE,
    MODEL_FILE,
    POINTER_FILE,
    BundleError,
    check_file,
    parse_manifest,
    parse_pointer,
)
from inference.contract import StudentPerformanceError
from inference.predictor import Predictor
from inference.store import Store

REFRESH_SHARE = 0.5
"""Look for a new champion after this share of the refresh time, so that it is live within it."""


class ModelUnavailable(StudentPerformanceError):
    """No verified model could be loaded since the start; nothing can be answered."""

    code = "model_unavailable"


class Refresh(NamedTuple):
    """What one look at the pointer gave: the pointer's tag and a new model, or an error."""

    tag: str | None
    predictor: Predictor | None
    error: BundleError | None


def load(
    store: Store, model_name: str, known: str | None = None, pointer: str = POINTER_FILE
) -> Refresh:
    """Look at the pointer and, if it changed, fetch and verify what it points to; never raises."""
    try:
        found = store.pointer(known, pointer)
        if found is None:
            return Refresh(known, None, None)
        target = parse_pointer(found.data)
        manifest = parse_manifest(store.file(target.version, MANIFEST_FILE), target.manifest_sha256)
        if (manifest.name, manifest.version) != (model_name, target.version):
            raise BundleError(f"{pointer} and the manifest name different models")
        model = store.file(target.version, MODEL_FILE)
        check_file(manifest, MODEL_FILE, model)
        return Refresh(found.tag, Predictor(manifest, model), None)
    except BundleError as error:
        return Refresh(known, None, error)


class Champion:
    """Hands out the serving Predictor; safe to share by threads.

    Parameters: the store, the model's name, seconds within which a new champion is live (0 looks
    at every batch), seconds a batch waits for a refresh at most, and ``observe``, called with each
    finished Refresh.
    """

    def __init__(
        self,
        store: Store,
        model_name: str,
        refresh_seconds: float,
        patience_seconds: float = 0.04,
        observe: Callable[[Refresh], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._model_name = model_name
        self._period = refresh_seconds * REFRESH_SHARE
        self._patience = patience_seconds
        self._observe = observe
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._state = Refresh(None, None, None)
        self._due = 0.0

    def current(self) -> Predictor:
        """Return the model for the next batch; raises ModelUnavailable when there is none."""
        with self._lock:
            if self._thread is None and time.monotonic() >= self._due:
                self._due = time.monotonic() + self._period
                self._thread = threading.Thread(target=self._refresh, daemon=True)
                self._thread.start()
            thread, serving = self._thread, self._state.predictor
        if thread is not None:
            thread.join(None if serving is None else self._patience)
        state = self._state
        if state.predictor is None:
            raise ModelUnavailable(f"no model serves: {state.error}")
        return state.predictor

    def _refresh(self) -> None:
        refresh = load(self._store, self._model_name, self._state.tag)
        serving = refresh.predictor or self._state.predictor
        self._state = Refresh(refresh.tag, serving, refresh.error)
        self._observe(refresh)
        with self._lock:
            self._thread = None
