"""A loop's process: what it is told, and that neither it nor its parent outlives the other."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from monitoring import child, settings
from monitoring.errors import MonitoringError
from monitoring.ingest.process import CHILD

CONFIGURED = settings.load({"DATABASE_URL": "postgresql://secret@x/y"})


def _as_child(monkeypatch: pytest.MonkeyPatch, program: str) -> list[Any]:
    """Run a small program instead; return the commands that were asked for."""
    asked: list[Any] = []
    start = child.subprocess.Popen

    def popen(command: list[str], **arguments: Any) -> Any:
        asked.append(command)
        return start([sys.executable, "-c", program], **arguments)

    monkeypatch.setattr(child.subprocess, "Popen", popen)
    return asked


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for next to nothing."""
    monkeypatch.setattr(child, "_WATCH_SECONDS", 0.01)
    monkeypatch.setattr(child, "_FIRST_PAUSE", 0.0)


def test_a_child_that_ends_by_itself_is_started_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """GIVEN a child that is killed twice WHEN supervised THEN the third runs on until told to stop."""
    starts = tmp_path / "starts"
    asked = _as_child(
        monkeypatch,
        "import os, pathlib, sys\n"
        f"file = pathlib.Path({str(starts)!r})\n"
        "count = int(file.read_text()) if file.exists() else 0\n"
        "file.write_text(str(count + 1))\n"
        "sys.stdin.readline()\n"
        "os.kill(os.getpid(), 9) if count < 2 else sys.stdin.read()",
    )
    stop = threading.Event()
    supervision = threading.Thread(target=child.supervise, args=(CHILD, CONFIGURED, stop))
    supervision.start()
    patience = time.monotonic() + 60
    while len(asked) < 3 and supervision.is_alive() and time.monotonic() < patience:
        time.sleep(0.01)
    stop.set()
    supervision.join(60)
    assert len(asked) == 3 and not supervision.is_alive()
    assert caplog.text.count("ingest ended with exit status -9; it starts again") == 2


def test_a_child_that_ends_by_itself_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a child that always ends WHEN supervised THEN MonitoringError with its status after
    five starts; no secret in sight."""
    asked = _as_child(monkeypatch, "import sys; sys.stdin.readline(); sys.exit(3)")
    with pytest.raises(MonitoringError, match="ingest ended with exit status 3"):
        child.supervise(CHILD, CONFIGURED, threading.Event())
    assert "secret" not in str(asked) and len(asked) == 5


def test_a_child_ends_when_its_input_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a child that reads on WHEN the worker stops THEN its input ends, and so does it."""
    _as_child(monkeypatch, "import sys; sys.stdin.read()")
    stop = threading.Event()
    stop.set()
    child.supervise(CHILD, CONFIGURED, stop)


def test_a_child_that_does_not_end_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """GIVEN a child that is busy and may be cut short WHEN the worker stops THEN it is killed."""
    file = tmp_path / "pid"
    _as_child(
        monkeypatch,
        f"import os, pathlib, time; pathlib.Path({str(file)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)",
    )
    stop = threading.Event()

    def started() -> None:
        while not file.exists() or not file.read_text():
            time.sleep(0.01)
        stop.set()

    threading.Thread(target=started, daemon=True).start()
    child.supervise(CHILD._replace(stop_seconds=0.0), CONFIGURED, stop)
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)
