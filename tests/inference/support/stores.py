"""Model stores that count or hang, and champions that wait for what they find."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from contract.features import DEFAULT_MODEL_NAME
from inference.model.champion import Champion
from inference.model.store import LocalStore, PointerFile

PATIENCE_SECONDS = 60


def champion_of(models: Path, refresh_seconds: float = 0) -> Champion:
    """Return a champion that waits for every refresh."""
    return Champion(
        LocalStore(models, DEFAULT_MODEL_NAME),
        DEFAULT_MODEL_NAME,
        refresh_seconds,
        PATIENCE_SECONDS,
    )


def serving(champion: Champion) -> str:
    """Return the version that serves."""
    return champion.current().manifest.version


class CountingStore(LocalStore):
    """A store that counts bundle files read, and whose looks at the pointer take a moment."""

    def __init__(self, models: Path) -> None:
        super().__init__(models, DEFAULT_MODEL_NAME)
        self.reads = self.looks = 0

    def pointer(self, known: str | None) -> PointerFile | None:
        """Look, slowly."""
        self.looks += 1
        time.sleep(0.05)
        return super().pointer(known)

    def file(self, version: str, name: str) -> bytes:
        """Count and read."""
        self.reads += 1
        return super().file(version, name)


class SlowStore(LocalStore):
    """A store whose second and later looks at the pointer wait to be released."""

    def __init__(self, models: Path) -> None:
        super().__init__(models, DEFAULT_MODEL_NAME)
        self.waiting, self.release = threading.Event(), threading.Event()
        self.looks = 0
        self.before_release: Callable[[], object] = lambda: None

    def pointer(self, known: str | None) -> PointerFile | None:
        """Wait, after the first look; what it then says is what it had read before."""
        self.looks += 1
        read = super().pointer(known)
        if self.looks > 1:
            self.waiting.set()
            self.release.wait(PATIENCE_SECONDS)
            self.before_release()
        return read
