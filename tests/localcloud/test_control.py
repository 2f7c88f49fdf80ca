"""`make up` while its supervisor starts, and what `make status` says."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from localcloud import control
from localcloud.configuration import REPOSITORY
from localcloud.errors import LocalCloudError, ServiceFailed
from localcloud.lock import StateLock
from localcloud.services.emulator import aws_variables
from localcloud.state_file import Entry, StateFile, write_state_file, write_variables

NOWHERE = "http://127.0.0.1:9"
AWAY = aws_variables(NOWHERE, "us-east-1", {})
SUPERVISOR = """
import os, sys, time
from pathlib import Path
from localcloud.state_file import StateFile, write_state_file
from localcloud.lock import StateLock
lock = StateLock(Path(sys.argv[1]))
write_state_file(Path(sys.argv[1]), StateFile(os.getpid(), sys.argv[2], [], "the reason"))
time.sleep(600 if sys.argv[2] == "ready" else 0)
"""


@pytest.fixture(name="supervise")
def supervise_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The code and phase of what is started as supervisor, on a machine where all takes for ever."""
    said = [SUPERVISOR, "ready"]
    running: list[subprocess.Popen[bytes]] = []

    def spawn(state: Path, _: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", said[0], str(state), said[1]]
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            command, cwd=REPOSITORY, stderr=subprocess.DEVNULL
        )
        running.append(process)
        return process

    hours = itertools.count(step=3600)
    clock = SimpleNamespace(monotonic=lambda: float(next(hours)), sleep=lambda _: time.sleep(0.01))
    monkeypatch.setattr(control, "_spawn", spawn)
    monkeypatch.setattr(control, "time", clock)
    yield said
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("supervise")
def test_a_slow_supervisor_is_waited_for(tmp_path: Path) -> None:
    """GIVEN a supervisor that takes hours to take hold WHEN it is ready THEN up is."""
    assert control.up(tmp_path, [], lambda _: None).phase == "ready"


def test_a_supervisor_that_failed_gives_its_reason(supervise: list[str], tmp_path: Path) -> None:
    """GIVEN a supervisor that has said why it failed and ended THEN that is the error."""
    supervise[1] = "failed"
    with pytest.raises(LocalCloudError, match="the reason"):
        control.up(tmp_path, [], lambda _: None)


def test_a_supervisor_that_ended_is_an_error(supervise: list[str], tmp_path: Path) -> None:
    """GIVEN a supervisor that ends without a word THEN up says so instead of waiting."""
    supervise[0] = "raise SystemExit(1)"
    with pytest.raises(ServiceFailed, match="supervisor ended"):
        control.up(tmp_path, [], lambda _: None)


def test_status_lists_what_runs(tmp_path: Path) -> None:
    """GIVEN a held directory with a state file THEN status names each service, its state and address."""
    lock = StateLock(tmp_path)
    entry = Entry("postgres", "restarting", "postgresql://x", str(tmp_path / "p.log"), 42, 3)
    write_state_file(tmp_path, StateFile(7, "ready", [entry]))
    text = control.status(tmp_path)
    lock.release()
    assert text.splitlines()[0] == "ready (supervisor 7)"
    assert text.splitlines()[2].split()[:5] == [
        "postgres",
        "restarting",
        "42",
        "3",
        "postgresql://x",
    ]


@pytest.mark.parametrize("variables", [{}, {**AWAY, "FAILURE_QUEUE_URL": f"{NOWHERE}/queue"}])
def test_status_says_where_the_failure_queue_cannot_be_asked(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    """GIVEN a stack that is starting, or whose endpoint is away THEN that is said, and no count."""
    lock = StateLock(tmp_path)
    write_state_file(tmp_path, StateFile(7, "starting", []))
    write_variables(tmp_path, variables)
    text = control.status(tmp_path)
    lock.release()
    assert "given up: not known" in text.splitlines()[-2]
