"""One owner per state directory: a file lock that is free once its holders are gone."""

import fcntl
import os
import time
from pathlib import Path

from localcloud.errors import AlreadyRunning
from localcloud.private import make_state

_PROBED_SECONDS = 2.0
"""Whoever asks ``is_held`` holds the lock for an instant, longer where the machine is busy; an owner
holds it longer than this."""


def _open(state: Path) -> int:
    make_state(state)
    return os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)


class StateLock:
    """Held by a stack and, by inheritance of its descriptor, by the guard of each service.

    So the lock is free only when the owner and every service are gone: no stale process ids, no
    half-stopped stack.
    """

    def __init__(self, state: Path) -> None:
        self._descriptor = _open(state)
        if not self._take():
            owner = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise AlreadyRunning(
                f"{state} is in use by process {owner or 'unknown'}; `make down` stops it"
            )
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def _take(self) -> bool:
        deadline = time.monotonic() + _PROBED_SECONDS
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
            time.sleep(0.02)

    def fileno(self) -> int:
        """The descriptor a guard inherits."""
        return self._descriptor

    def keep(self) -> None:
        """Hold on until this process ends, whatever ``release`` says."""
        os.dup(self._descriptor)

    def release(self) -> None:
        """Give up this process's hold; the guards keep theirs until they end."""
        os.close(self._descriptor)


def is_held(state: Path) -> bool:
    """Tell whether a stack, or what is left of one, uses ``state``."""
    if not (state / "lock").exists():
        return False
    descriptor = _open(state)
    try:
        # Shared: two who ask at the same moment are no owner to each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def wait_free(state: Path, seconds: float) -> bool:
    """Wait until nothing uses ``state`` any more; False when the time was too short."""
    deadline = time.monotonic() + seconds
    while is_held(state):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
