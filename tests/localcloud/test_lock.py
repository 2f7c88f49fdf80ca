"""The lock of a state directory: one owner, and free once everybody is gone."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from localcloud.errors import AlreadyRunning
from localcloud.lock import StateLock, is_held, wait_free
from tests.localcloud.support.deployment import eventually


def test_a_lock_is_exclusive_and_names_its_owner(tmp_path: Path) -> None:
    """GIVEN a held lock WHEN another is taken THEN the error names this process; once released it
    is free.
    """
    lock = StateLock(tmp_path)
    assert is_held(tmp_path) and not wait_free(tmp_path, 0.1)
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        StateLock(tmp_path)
    lock.release()
    assert not is_held(tmp_path) and wait_free(tmp_path, 0.1)


def test_a_lock_is_held_by_whoever_inherits_it(tmp_path: Path) -> None:
    """GIVEN a child that inherits the lock WHEN the owner releases it THEN it is held until the
    child ends.
    """
    lock = StateLock(tmp_path)
    with subprocess.Popen(["sleep", "600"], pass_fds=[lock.fileno()]) as child:
        lock.release()
        assert is_held(tmp_path)
        child.kill()
    assert not is_held(tmp_path)


def test_who_looks_at_a_lock_does_not_keep_others_from_it(tmp_path: Path) -> None:
    """GIVEN programs that ask all the time whether a directory is in use WHEN it is taken, again
    and again THEN each time it is had; and who asks is never told of another who asks.
    """
    (tmp_path / "lock").touch()
    over = threading.Event()
    seen: list[bool] = []

    def ask() -> None:
        while not over.is_set():
            seen.append(is_held(tmp_path))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(seen) >= 300)
        assert not any(seen)
        for _ in range(100):
            StateLock(tmp_path).release()
    finally:
        over.set()
        for thread in threads:
            thread.join()
