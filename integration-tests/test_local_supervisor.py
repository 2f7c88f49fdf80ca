"""`make up`, `status` and `down`: a supervisor that outlives its starter, revives services, and
ends cleanly.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from localcloud import control
from localcloud.configuration import REPOSITORY
from localcloud.errors import LocalCloudError
from localcloud.lock import is_held, wait_free
from localcloud.provision import client
from localcloud.state_file import StateFile, read_state_file, read_variables
from tests.localcloud.support.deployment import PATIENCE_SECONDS, eventually
from tests.localcloud.support.processes import child_of, is_listening, of_state

pytestmark = pytest.mark.embedded


@pytest.fixture(name="state")
def state_fixture(tmp_path: Path) -> Iterator[Path]:
    """A state directory; what runs in it is stopped at the end."""
    yield tmp_path / "state"
    control.down(tmp_path / "state")
    eventually(lambda: not of_state(tmp_path))


def open_to_others(state: Path) -> list[Path]:
    """Return what another user of this machine could list or read."""
    beyond = [state / name for name in os.listdir(state)]
    return [
        path
        for path in (state, *beyond)
        if path.stat().st_mode & 0o077
        and not (path == state and path.stat().st_mode & 0o777 == 0o711)
    ]


def local(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m localcloud`` on ``state``."""
    command = [sys.executable, "-m", "localcloud", "--state", str(state), *arguments]
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def state_file_of(state: Path) -> StateFile:
    """Return the state file, which must be there."""
    recorded = read_state_file(state)
    assert recorded is not None
    return recorded


def test_up_status_down(state: Path) -> None:
    """GIVEN nothing WHEN up, up, status, down, down are called THEN each does what it says, once."""
    first = local(state, "up", "postgres")
    assert first.returncode == 0, first.stderr
    recorded = state_file_of(state)
    assert {entry.name: entry.state for entry in recorded.services} == {
        "emulator": "ready",
        "postgres": "ready",
    }
    variables = read_variables(state)
    assert variables is not None
    assert client("s3", variables).list_buckets()["Buckets"]
    # The address for people has no password; the one in `env`, which only its owner reads, has.
    password = urlsplit(variables["DATABASE_URL"]).password
    assert password and password not in first.stdout + first.stderr
    assert f":{urlsplit(variables['DATABASE_URL']).port}/" in first.stdout
    assert open_to_others(state) == []

    again = local(state, "up")
    assert again.returncode == 0
    assert state_file_of(state).pid == recorded.pid

    table = local(state, "status").stdout
    assert password not in table
    assert "postgres" in table and str(recorded.pid) in table
    sourced = subprocess.run(
        ["sh", "-c", f"set -a; . {state}/env; printenv DATABASE_URL"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert sourced.stdout.strip() == variables["DATABASE_URL"]

    assert "stopped" in local(state, "down").stdout
    eventually(lambda: not of_state(state))
    assert not is_held(state) and read_state_file(state) is None and not (state / "env").exists()
    assert "nothing runs" in local(state, "down").stdout
    assert "nothing runs" in local(state, "status").stdout


def test_a_crashed_service_is_revived(state: Path) -> None:
    """GIVEN a running stack WHEN the emulator is killed THEN it comes back at the same address,
    provisioned.
    """
    control.up(state, ["emulator"], lambda _: None)
    variables = read_variables(state)
    (entry,) = state_file_of(state).services
    assert variables is not None and entry.pid is not None
    server = child_of(entry.pid)
    os.kill(server, signal.SIGKILL)
    eventually(lambda: state_file_of(state).services[0].restarts >= 1)
    eventually(lambda: state_file_of(state).services[0].state == "ready")
    streams = client("kinesis", variables).list_streams()["StreamNames"]
    assert variables["STUDENTS_STREAM_NAME"] in streams


def test_a_killed_supervisor_takes_its_services_along(state: Path) -> None:
    """GIVEN a running stack WHEN the supervisor gets SIGKILL THEN its services end, and up starts
    anew.
    """
    control.up(state, ["emulator"], lambda _: None)
    recorded, variables = state_file_of(state), read_variables(state)
    assert variables is not None
    os.kill(recorded.pid, signal.SIGKILL)
    assert wait_free(state, PATIENCE_SECONDS)
    port = int(variables["AWS_ENDPOINT_URL"].rpartition(":")[2])
    eventually(lambda: not is_listening(port))
    assert "nothing runs" in control.status(state)
    control.up(state, ["emulator"], lambda _: None)
    assert state_file_of(state).pid != recorded.pid


def test_ctrl_c_while_starting_stops_what_has_started(state: Path) -> None:
    """GIVEN up at work WHEN Ctrl-C comes THEN it ends with 130 and nothing runs."""
    command = [sys.executable, "-m", "localcloud", "--state", str(state), "up", "mlflow"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as up:
        eventually((state / "logs" / "mlflow.log").exists)
        up.send_signal(signal.SIGINT)
        assert up.wait(PATIENCE_SECONDS) == 130
    assert not is_held(state)


def test_a_service_that_cannot_start_ends_the_stack(state: Path) -> None:
    """GIVEN an MLflow whose database is damaged WHEN up is called THEN it fails with the reason and
    nothing runs.
    """
    (state / "mlflow").mkdir(parents=True)
    (state / "mlflow" / "mlflow.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(LocalCloudError, match="file is not a database"):
        control.up(state, ["mlflow"], lambda _: None)
    assert wait_free(state, PATIENCE_SECONDS)
    assert "nothing runs" in control.status(state)
