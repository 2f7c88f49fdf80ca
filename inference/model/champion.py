"""The model that serves: verified before it takes over, swapped between batches only.

A pointer last looked at longer than the refresh time ago is looked at again before a batch is
answered, so that the newest model answers, also after an idle or a frozen spell. The look runs in a
thread of its own and gets at most ``patience_seconds`` once per refresh time; a slower one takes
over at a later batch. A look that fails leaves the last good model serving.
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

PATIENCE_SECONDS = 1.0
"""What looking, and loading what is found, may cost a batch once per refresh time."""


class ModelUnavailable(StudentPerformanceError):
    """No verified model could be loaded since the start; nothing can be answered."""

    code = "model_unavailable"


class Refresh(NamedTuple):
    """What one look at the pointer gave: its tag, a new model (None if unchanged) or an error."""

    tag: str | None
    predictor: Predictor | None
    error: BundleError | None


def load(store: Store, model_name: str, known: str | None = None) -> Refresh:
    """Look at the pointer and, if it changed, fetch and verify what it points to; never raises."""
    try:
        file = store.pointer(known)
        if file is None:
            return Refresh(known, None, None)
        target = parse_pointer(file.data)
        manifest = parse_manifest(store.file(target.version, MANIFEST_FILE), target.manifest_sha256)
        if (manifest.name, manifest.version) != (model_name, target.version):
            raise BundleError(f"{POINTER_FILE} and its manifest name different models")
        model = store.file(target.version, MODEL_FILE)
        check_file(manifest, MODEL_FILE, model)
        return Refresh(file.tag, Predictor(manifest, model), None)
    except BundleError as error:
        return Refresh(known, None, error)
    except Exception as error:  # pylint: disable=broad-exception-caught
        # Whatever else a strange bundle or store can raise must not end the refreshing.
        return Refresh(known, None, BundleError(f"{POINTER_FILE}: {type(error).__name__}"))


class _Clock:
    """Time since it was last set, also where a frozen process's steady clock stands still.

    The wall clock goes on while Lambda keeps a process frozen; the steady one is right when
    somebody sets the wall clock back. A jump of the wall clock is one look too many, no harm.
    """

    def __init__(self) -> None:
        self._steady = self._wall = 0.0
        self.set()

    def set(self) -> None:
        """Start anew."""
        self._steady, self._wall = time.monotonic(), time.time()

    def seconds(self) -> float:
        """Return the seconds since then."""
        return max(time.monotonic() - self._steady, abs(time.time() - self._wall))


class Champion:
    """Hands out the Predictor a pointer names; safe to share by threads.

    ::

        champion = Champion(open_store(settings), settings.model_name, refresh_seconds=60)
        champion.current().predict(rows)         # once per batch: a swap comes between two

    ``refresh_seconds`` is the time within which a new pointer is followed (0 looks for every
    batch), by one look at most.
    """

    def __init__(
        self,
        store: Store,
        model_name: str,
        refresh_seconds: float,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._source = store, model_name
        self.refresh_seconds = refresh_seconds
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._state = Refresh(None, None, None)
        self._clock = _Clock()
        self._patient_until = 0.0
        self._wanted = self._looked = 0
        self._finished: deque[Refresh] = deque(maxlen=100)

    def current(self) -> Predictor:
        """Return the model for the next batch; raises ModelUnavailable when there is none."""
        wanted = self._wanted_look()
        while (thread := self._look(wanted)) is not None:
            if self._state.predictor is None:
                thread.join()
                continue
            thread.join(max(0.0, self._patient_until - time.monotonic()))
            if thread.is_alive():
                break
            # One begun before a frozen spell says what was true then: another one follows it.
        state = self._state
        if state.predictor is None:
            raise ModelUnavailable(f"no model can serve: {state.error}")
        return state.predictor

    def peek(self) -> Predictor | None:
        """Return the model there is, without ever waiting; refresh it when that is due."""
        self._look(self._wanted_look())
        return self._state.predictor

    def finished(self) -> list[Refresh]:
        """Return the refreshes finished since the last call that swapped or failed."""
        finished = []
        while self._finished:
            finished.append(self._finished.popleft())
        return finished

    def _wanted_look(self) -> int:
        """Return the number of the look that must be over; a new one when it is time."""
        with self._lock:
            missing = self._state.predictor is None and self._thread is None
            if missing or self._clock.seconds() >= self.refresh_seconds:
                self._clock.set()
                self._patient_until = time.monotonic() + self._patience
                self._wanted += 1
            return self._wanted

    def _look(self, wanted: int) -> threading.Thread | None:
        """Return the look under way, begun now if need be; None when the wanted one is over."""
        with self._lock:
            if self._looked >= wanted:
                return None
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._refresh, args=(self._wanted,), daemon=True
                )
                self._thread.start()
            return self._thread

    def _refresh(self, wanted: int) -> None:
        store, model_name = self._source
        refresh = load(store, model_name, self._state.tag)
        with self._lock:
            serving = refresh.predictor or self._state.predictor
            self._state = Refresh(refresh.tag, serving, refresh.error)
            if refresh.predictor or refresh.error:
                self._finished.append(refresh)
            self._looked = wanted
            self._thread = None
