"""A loop in a process of its own: what holds the interpreter's lock there holds up nobody here.

The parent writes the settings (a password may be among them: no argument, no file) as one line to
the child's standard input and keeps it open. Its end means stop, whether the parent was told to or
died; so no child outlives its parent. Signals are the parent's to judge.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from monitoring import loop
from monitoring.errors import MonitoringError
from monitoring.loop import Part
from monitoring.settings import Settings

_LOG = logging.getLogger(__name__)
_ROOT: Final = Path(__file__).resolve().parents[1]
_WATCH_SECONDS: Final = 0.2
_STARTS: Final = 5
_FIRST_PAUSE: Final = 0.5
_STEADY_SECONDS: Final = 60.0


class Child(NamedTuple):
    """A loop's name, the module that runs it, and how long it may end what it is doing."""

    name: str
    module: str
    stop_seconds: float


def supervise(child: Child, settings: Settings, stop: threading.Event) -> None:
    """Run the child until ``stop``, again if it ends by itself.

    Raises MonitoringError if it has ended five times in a row within a minute of its start.
    """
    ends = 0
    while not stop.is_set():
        started = time.monotonic()
        status = _run(child, settings, stop)
        if status is None:
            return
        ends = 1 if time.monotonic() - started > _STEADY_SECONDS else ends + 1
        words = f"{child.name} ended with exit status {status}"
        if ends >= _STARTS:
            raise MonitoringError(f"{words}, {ends} times in a row")
        pause = _FIRST_PAUSE * 2.0 ** (ends - 1)
        _LOG.error("%s; it starts again in %.1f s", words, pause)
        stop.wait(pause)


def _run(child: Child, settings: Settings, stop: threading.Event) -> int | None:
    """Run one process; return its exit status if it ended by itself, None once told to ``stop``."""
    level = logging.getLevelName(logging.getLogger().getEffectiveLevel())
    command = [sys.executable, "-m", child.module, level]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=_ROOT) as process:
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # it has ended already: seen below
                process.stdin.write(msgspec.json.encode(settings) + b"\n")
                process.stdin.flush()
            while not stop.wait(_WATCH_SECONDS):
                if process.poll() is not None:
                    return process.returncode
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(child.stop_seconds)
            return None
        finally:
            process.kill()  # a step cut short is one not committed; nothing if it has ended


def main(part: Callable[[Settings], Part]) -> None:
    """Read the settings from standard input; run the part until it is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(level=sys.argv[1], format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    stop = threading.Event()

    def wait() -> None:
        os.read(0, 1)  # sys.stdin's lock, held at exit, would abort the interpreter
        stop.set()

    threading.Thread(target=wait, name="parent", daemon=True).start()
    loop.run(part(settings), settings.database_url, stop)
