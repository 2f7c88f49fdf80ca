"""Supervised processes and their guard: exit codes, logs, stop signals, orphans, the end of an
owner.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from localcloud.errors import EnvironmentMissing, ServiceFailed
from localcloud.process import Process, tail
from tests.localcloud.support.deployment import eventually
from tests.localcloud.support.processes import of_state

SLEEP = "import time; time.sleep(600)"


def python(tmp_path: Path, code: str, **options: float) -> Process:
    """Return a process that runs ``code`` and carries the folder's name in its command line."""
    command = [sys.executable, "-c", code, str(tmp_path)]
    return Process("code", command, log=tmp_path / "logs" / "code.log", **options)  # type: ignore[arg-type]


def test_output_and_exit_code_are_the_commands(tmp_path: Path) -> None:
    """GIVEN a command that ends WHEN waited for THEN its exit code and its output are there."""
    process = python(tmp_path, "print('hello'); raise SystemExit(7)")
    process.start()
    assert process.wait(120) == 7
    assert tail(process.log) == "hello"
    assert not process.alive


def test_early_end_is_an_error_with_the_end_of_the_log(tmp_path: Path) -> None:
    """GIVEN a command that dies WHEN readiness is waited for THEN the error names code and last
    words.
    """
    process = python(tmp_path, "raise SystemExit('last words')")
    process.start()
    with pytest.raises(ServiceFailed, match="(?s)exit code 1.*last words"):
        process.wait_ready(lambda: False, 120)


def test_never_ready_is_an_error(tmp_path: Path) -> None:
    """GIVEN a command that is never ready WHEN the deadline passes THEN that is the error."""
    process = python(tmp_path, SLEEP)
    process.start()
    with pytest.raises(ServiceFailed, match="was not ready after 0 s"):
        process.wait_ready(lambda: False, 0.2)
    process.stop()


def test_a_missing_program_names_make_setup(tmp_path: Path) -> None:
    """GIVEN a program that is not there WHEN it is started THEN the error says what to do."""
    with pytest.raises(EnvironmentMissing, match="make setup"):
        Process("gone", [tmp_path / "nothing"], log=tmp_path / "log").start()


def test_a_command_deaf_to_the_stop_signal_is_killed(tmp_path: Path) -> None:
    """GIVEN a command that ignores SIGTERM WHEN stopped THEN it is gone after the grace period."""
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True);" + SLEEP
    process = python(tmp_path, code, grace_seconds=0.3)
    process.start()
    eventually(lambda: tail(process.log) == "deaf")
    assert process.stop() == 128 + signal.SIGKILL
    assert not of_state(tmp_path)


def test_daemons_that_left_the_group_are_found(tmp_path: Path) -> None:
    """GIVEN a command that starts a daemon in a session of its own WHEN stopped THEN the daemon is
    gone too.
    """
    popen = f"subprocess.Popen([sys.executable, '-c', '{SLEEP}', sys.argv[1]]"
    daemon = f"import subprocess, sys; {popen}, start_new_session=True);"
    process = python(tmp_path, f"{daemon} print('started', flush=True); {SLEEP}", grace_seconds=2)
    process.start()
    eventually(lambda: tail(process.log) == "started")
    assert len(of_state(tmp_path)) == 3  # guard, command, daemon
    process.stop()
    assert not of_state(tmp_path)


def test_the_death_of_the_guard_is_the_death_of_the_command(tmp_path: Path) -> None:
    """GIVEN a guard that is killed THEN the kernel kills its command."""
    process = python(tmp_path, SLEEP)
    process.start()
    eventually(lambda: len(of_state(tmp_path)) == 2)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.stop()
    eventually(lambda: not of_state(tmp_path))


def test_a_guard_killed_as_it_starts_leaves_nothing(tmp_path: Path) -> None:
    """GIVEN a guard that is killed before its command has asked to die with it THEN the command
    ends by itself.
    """
    process = python(tmp_path, SLEEP)
    process.start()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text(encoding="ascii"):
        pass
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.stop()
    eventually(lambda: not of_state(tmp_path))


def test_stop_before_start_and_twice_is_harmless(tmp_path: Path) -> None:
    """GIVEN a process WHEN stopped before it started, and twice after THEN nothing happens."""
    process = python(tmp_path, SLEEP)
    assert process.stop() is None
    process.start()
    assert process.stop() == process.stop() == 128 + signal.SIGTERM


def test_tail_of_nothing_and_of_much(tmp_path: Path) -> None:
    """GIVEN no log, and a long one THEN the tail is empty, and the last lines."""
    assert tail(tmp_path / "none") == ""
    (tmp_path / "log").write_text("\n".join(str(n) for n in range(10_000)))
    assert tail(tmp_path / "log", 2) == "9998\n9999"
