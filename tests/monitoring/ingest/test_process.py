"""Ingest's process: what it is told, and that neither it nor its parent outlives the other."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from monitoring import settings
from monitoring.errors import MonitoringError
from monitoring.ingest import process

CONFIGURED = settings.load({"DATABASE_URL": "postgresql://secret@x/y"})


def _as_child(monkeypatch: pytest.MonkeyPatch, program: str) -> list[Any]:
    """Run a small program instead of ingest; return the commands that were asked for."""
    asked: list[Any] = []
    start = process.subprocess.Popen

    def popen(command: list[str], **arguments: Any) -> Any:
        asked.append(command)
        return start([sys.executable, "-c", program], **arguments)

    monkeypatch.setattr(process.subprocess, "Popen", popen)
    return asked


def test_a_child_that_ends_by_itself_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a child that ends WHEN supervised THEN MonitoringError with its status; no secret in sight."""
    asked = _as_child(monkeypatch, "import sys; sys.stdin.readline(); sys.exit(3)")
    with pytest.raises(MonitoringError, match="ingest ended with exit status 3"):
        process.supervise(CONFIGURED, threading.Event())
    assert "secret" not in str(asked)


def test_a_child_ends_when_its_input_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a child that reads on WHEN the worker stops THEN its input ends, and so does it."""
    _as_child(monkeypatch, "import sys; sys.stdin.read()")
    stop = threading.Event()
    stop.set()
    process.supervise(CONFIGURED, stop)
