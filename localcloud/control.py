"""``up``, ``down`` and ``status``: what a person does to the supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from inference.client.failures import FailureQueue
from localcloud.configuration import REPOSITORY
from localcloud.docker import compose
from localcloud.errors import LocalCloudError, ServiceFailed
from localcloud.lock import is_held, wait_free
from localcloud.process import tail
from localcloud.provision import client
from localcloud.state_file import StateFile, clear, read_state_file, read_variables

_STOP_SECONDS = 60.0
_ROW = "{:<10}  {:<10}  {:<7}  {:<8}  {}"


def up(
    state: Path,
    services: Sequence[str],
    say: Callable[[str], None],
    options: Sequence[str] = (),
) -> StateFile:
    """Start a supervisor unless one runs, follow it until all is ready, and leave it running.

    ``options`` go in front of its command (``--endpoint URL`` say).

    Raises LocalCloudError when it fails; Ctrl-C stops what was started.
    """
    supervisor: subprocess.Popen[bytes] | None = None
    if compose.ours(state):
        raise LocalCloudError("`make compose-up` runs here; `make compose-down` stops it first")
    if not is_held(state):
        clear(state)
        supervisor = _spawn(state, [*options, "supervise", *services])
    seen: set[str] = set()
    started = time.monotonic()
    try:
        while True:
            # Asked before reading, so that its last words are not missed. One that was started just
            # now may need a while to take hold.
            ended = not is_held(state) and (supervisor is None or supervisor.poll() is not None)
            recorded = read_state_file(state)
            for entry in recorded.services if recorded else []:
                if entry.state == "ready" and entry.name not in seen:
                    seen.add(entry.name)
                    note = f"  ({entry.note})" if entry.note else ""
                    say(f"{entry.name:<10} {time.monotonic() - started:5.1f} s  {entry.url}{note}")
            if recorded and recorded.phase == "ready":
                return recorded
            if recorded and recorded.phase == "failed":
                wait_free(state, _STOP_SECONDS)
                raise LocalCloudError(recorded.error)
            if ended:
                log = state / "logs" / "supervisor.log"
                raise ServiceFailed("supervisor", "ended", log, tail(log))
            time.sleep(0.1)
    except KeyboardInterrupt:
        say("stopping")
        down(state)
        raise


def _spawn(state: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    log = state / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "localcloud", "--state", str(state), *arguments]
    with log.open("ab") as output:
        # Not waited for: it outlives this process by design.
        return subprocess.Popen(  # pylint: disable=consider-using-with
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            start_new_session=True,
        )


def down(state: Path) -> bool:
    """Stop the stack of ``state``, or what a crash has left of it; False when nothing runs."""
    if not is_held(state):
        if not compose.ours(state):
            clear(state)
        return False
    recorded = read_state_file(state)
    if recorded is not None:
        _signal(recorded.pid, signal.SIGTERM)
    if not wait_free(state, _STOP_SECONDS):
        if recorded is not None:
            # Its guards see the end of it and stop the services.
            _signal(recorded.pid, signal.SIGKILL)
        if not wait_free(state, _STOP_SECONDS):
            raise LocalCloudError(f"something still uses {state}; see {state / 'logs'}")
    clear(state)
    return True


def _signal(pid: int, number: int) -> None:
    # The lock is held, so a supervisor of this directory lived a moment ago; check that the id is
    # still its.
    try:
        if b"localcloud" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return
    except OSError:
        # It ended this moment, or there is no /proc to look into.
        pass
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def status(state: Path) -> str:
    """Return a table of what runs."""
    if compose.ours(state):
        return compose.status()
    recorded = read_state_file(state)
    if recorded is None or not is_held(state):
        return f"nothing runs in {state}"
    lines = [f"{recorded.phase} (supervisor {recorded.pid})"]
    lines.append(_ROW.format("SERVICE", "STATE", "PID", "RESTARTS", "ADDRESS"))
    for entry in recorded.services:
        pid, address = entry.pid or "-", entry.url or "-"
        lines.append(_ROW.format(entry.name, entry.state, pid, entry.restarts, address))
    lines.append(_given_up(read_variables(state) or {}))
    return "\n".join([*lines, f"each one's log: {os.path.relpath(state / 'logs')}/SERVICE.log"])


def _given_up(variables: Mapping[str, str]) -> str:
    """Say what waits in the failure queue."""
    try:
        queue = FailureQueue(client("sqs", variables, patience=2.0), variables["FAILURE_QUEUE_URL"])
        return queue.words() or "nothing given up"
    except (KeyError, BotoCoreError, ClientError):
        return "given up: not known (the AWS endpoint does not answer)"
