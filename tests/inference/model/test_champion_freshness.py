"""The newest model answers: after idle and frozen spells too, at one look per refresh time."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from contract.features import DEFAULT_MODEL_NAME
from inference.model.champion import Champion
from tests.inference.support import factory
from tests.inference.support.stores import (
    PATIENCE_SECONDS,
    CountingStore,
    SlowStore,
    champion_of,
    serving,
)


def test_it_does_not_look_before_it_is_time(models: Path) -> None:
    """Within the refresh time the pointer is not read again."""
    champion = champion_of(models, refresh_seconds=3600)
    champion.current()
    factory.publish(models, "2")
    assert serving(champion) == "1"


class Clock:
    """A steady clock and a wall clock to set by hand."""

    def __init__(self) -> None:
        self.steady, self.wall = 1000.0, 1_700_000_000.0

    def monotonic(self) -> float:
        """Return the steady time."""
        return self.steady

    def time(self) -> float:
        """Return the wall's time."""
        return self.wall


@pytest.fixture(name="clock")
def clock_fixture(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The champion's clocks."""
    clock = Clock()
    monkeypatch.setattr("inference.model.champion.time", clock)
    return clock


@pytest.mark.parametrize(
    ("steady", "wall", "version"),
    [
        (59.9, 59.9, "1"),
        (60.0, 60.0, "2"),
        (600.0, 600.0, "2"),
        (0.0, 600.0, "2"),
        (60.0, -3600.0, "2"),
        (60.0, 0.0, "2"),
        (30.0, 0.0, "1"),
    ],
    ids=["young", "due", "idle", "frozen", "set_back", "wall_stands", "neither"],
)
def test_an_old_pointer_is_looked_at_before_the_batch_is_answered(
    models: Path, clock: Clock, steady: float, wall: float, version: str
) -> None:
    """Also where one of the clocks stood still or was set while the process slept."""
    champion = champion_of(models, refresh_seconds=60)
    champion.current()
    factory.publish(models, "2")
    clock.steady += steady
    clock.wall += wall
    assert serving(champion) == version


def test_one_look_per_refresh_time_however_many_batches(models: Path, clock: Clock) -> None:
    """A thousand batches in ten minutes: the first look and one a minute."""
    store = CountingStore(models)
    champion = Champion(store, DEFAULT_MODEL_NAME, 60, PATIENCE_SECONDS)
    for _ in range(1000):
        clock.steady += 0.6
        clock.wall += 0.6
        champion.current()
        champion.peek()
    assert 10 <= store.looks <= 11
    assert store.reads == 2


def test_a_slow_refresh_lets_the_batches_go_on(models: Path) -> None:
    """The old model answers meanwhile; one refresh runs at a time; then the new one takes over."""
    store = SlowStore(models)
    champion = Champion(store, DEFAULT_MODEL_NAME, 0, patience_seconds=0.001)
    champion.current()
    factory.publish(models, "2")
    assert serving(champion) == "1"
    assert store.waiting.wait(PATIENCE_SECONDS)
    assert [serving(champion) for _ in range(5)] == ["1"] * 5
    assert store.looks == 2
    thread = champion._thread  # pylint: disable=protected-access
    store.release.set()
    assert thread is not None and thread.daemon, "a stuck store must not hold up the process's end"
    thread.join(PATIENCE_SECONDS)
    assert champion.peek() is not None
    assert serving(champion) == "2"


def test_a_look_begun_before_a_frozen_spell_is_followed_by_another(
    models: Path, clock: Clock
) -> None:
    """The pointer it had read is an old one: the first batch after the spell has the newest."""
    store = SlowStore(models)
    champion = Champion(store, DEFAULT_MODEL_NAME, 60, patience_seconds=0.001)
    champion.current()
    clock.steady += 60
    assert serving(champion) == "1"
    assert store.waiting.wait(PATIENCE_SECONDS)
    champion._patience = PATIENCE_SECONDS  # pylint: disable=protected-access
    clock.wall += 600
    store.before_release = lambda: factory.publish(models, "2")
    store.release.set()
    assert serving(champion) == "2"
    assert store.looks == 3


def test_a_store_that_hangs_costs_its_patience_once_per_refresh_time(
    models: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last good model goes on serving; batches within the same minute do not wait again."""
    store = SlowStore(models)
    champion = Champion(store, DEFAULT_MODEL_NAME, 60, patience_seconds=1.0)
    champion.current()
    waited: list[float] = []

    def join(thread: threading.Thread, timeout: float | None = None) -> None:
        assert thread.daemon and timeout is not None
        waited.append(timeout)
        clock.steady += timeout

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "join", join)
        for _ in range(3):
            clock.steady += 60
            assert [serving(champion) for _ in range(20)] == ["1"] * 20
    assert [seconds for seconds in waited if seconds] == [1.0, 1.0, 1.0]
    assert store.looks == 2
    store.release.set()


SERVER = """
import sys
from pathlib import Path
from inference.model.champion import Champion
from inference.model.store import LocalStore
name = sys.argv[2]
champion = Champion(LocalStore(Path(sys.argv[1]), name), name, 1.0, patience_seconds=60)
for _ in sys.stdin:
    print(champion.current().manifest.version, flush=True)
"""


def test_a_process_that_was_stopped_answers_with_the_newest_model(models: Path) -> None:
    """Frozen as Lambda freezes, a pointer moved and moved back meanwhile: the first batch knows."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(models), DEFAULT_MODEL_NAME],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def batch() -> str:
            print(file=process.stdin, flush=True)
            return process.stdout.readline().strip()  # type: ignore[union-attr]

        assert batch() == "1"
        for version in ("2", "1"):
            process.send_signal(signal.SIGSTOP)
            factory.publish(models, version)
            time.sleep(1.1)
            process.send_signal(signal.SIGCONT)
            assert batch() == version
        process.stdin.close()
        assert process.wait(PATIENCE_SECONDS) == 0
