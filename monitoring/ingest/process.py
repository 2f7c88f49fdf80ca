"""Ingest in a process of its own: a window's statistics hold their interpreter's lock, not its.

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
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from monitoring import loop
from monitoring.clients import client
from monitoring.errors import MonitoringError
from monitoring.ingest import predictions
from monitoring.ingest.consumer import Consumer
from monitoring.loop import Part
from monitoring.settings import Settings
from monitoring.storage.heartbeats import INGEST

_LOG = logging.getLogger(__name__)
_ROOT: Final = Path(__file__).resolve().parents[2]
_WATCH_SECONDS: Final = 0.2
_STOP_SECONDS: Final = 30.0
_STARTS: Final = 5
_FIRST_PAUSE: Final = 0.5
_STEADY_SECONDS: Final = 60.0


def part(settings: Settings) -> Part:
    """Return the loop that brings the predictions stream into Postgres."""
    consumer = Consumer(
        client("kinesis", settings.endpoint_url),
        settings.predictions_stream,
        predictions,
        start=settings.start,
        rows=settings.batch_rows,
    )
    return Part(INGEST, consumer.step, settings.poll_seconds)


def supervise(settings: Settings, stop: threading.Event) -> None:
    """Run ingest in a child until ``stop``, again if it ends by itself.

    Raises MonitoringError if it has ended five times in a row within a minute of its start.
    """
    ends = 0
    while not stop.is_set():
        started = time.monotonic()
        status = _run(settings, stop)
        if status is None:
            return
        ends = 1 if time.monotonic() - started > _STEADY_SECONDS else ends + 1
        if ends >= _STARTS:
            raise MonitoringError(f"ingest ended with exit status {status}, {ends} times in a row")
        pause = _FIRST_PAUSE * 2.0 ** (ends - 1)
        _LOG.error("ingest ended with exit status %d; it starts again in %.1f s", status, pause)
        stop.wait(pause)


def _run(settings: Settings, stop: threading.Event) -> int | None:
    """Run one child; return its exit status if it ended by itself, None once told to ``stop``."""
    level = logging.getLevelName(logging.getLogger().getEffectiveLevel())
    command = [sys.executable, "-m", "monitoring.ingest.process", level]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=_ROOT) as child:
        assert child.stdin is not None
        try:
            with suppress(BrokenPipeError):  # it has ended already: seen below
                child.stdin.write(msgspec.json.encode(settings) + b"\n")
                child.stdin.flush()
            while not stop.wait(_WATCH_SECONDS):
                if child.poll() is not None:
                    return child.returncode
            child.stdin.close()
            child.wait(_STOP_SECONDS)
            return None
        finally:
            child.kill()  # a batch cut short is one not committed; nothing if it has ended


def main() -> None:
    """Read the settings from standard input; ingest until it is closed."""
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


if __name__ == "__main__":
    main()
