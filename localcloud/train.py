"""Headless training, on the services of a running stack or on its own."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from localcloud.configuration import REPOSITORY
from localcloud.docker import compose
from localcloud.errors import EnvironmentMissing
from localcloud.lock import is_held
from localcloud.process import Process
from localcloud.service import base_environment, python_of
from localcloud.stack import Options, Stack
from localcloud.state_file import check_endpoint, read_variables

NEEDED = ("emulator", "mlflow")
_POLL_SECONDS = 0.2


def train(state: Path, arguments: Sequence[str], endpoint: str | None = None) -> int:
    """Run ``orchestrator.run`` with ``arguments``; return its exit code."""
    variables = read_variables(state)
    if variables is not None and (is_held(state) or compose.ours(state)):
        check_endpoint(variables, endpoint)
        return run(state, variables, arguments)
    with Stack(state, services=NEEDED, options=Options(endpoint=endpoint)) as stack:
        return run(state, stack.environment, arguments)


def run(state: Path, variables: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Run the training program on this terminal; ``variables`` name the services."""
    python = python_of("orchestrator")
    if not python.exists():
        raise EnvironmentMissing(f"{python} is not there; run `make setup`")
    mage_data = state.resolve() / "mage"
    mage_data.mkdir(parents=True, exist_ok=True)
    environment = base_environment(
        **{"MAGE_DATA_DIR": str(mage_data), **variables},
        PYTHONPATH=os.fspath(REPOSITORY),
        DO_NOT_TRACK="true",
    )
    command = [os.fspath(python), "-m", "orchestrator.run", *arguments]
    with subprocess.Popen(command, env=environment, cwd=REPOSITORY) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal has sent it the same signal; let it end by itself.
            return process.wait()


def follow(
    variables: Mapping[str, str],
    arguments: Sequence[str],
    log: Path,
    say: Callable[[str], None],
) -> int | None:
    """Run the training program behind a guard, pass its output on, return its exit code."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    process = Process(
        "training",
        [python_of("orchestrator"), "-m", "orchestrator.run", *arguments],
        log=log,
        environment=base_environment(**variables),
        cwd=REPOSITORY,
    )
    process.start()
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            while True:
                alive = process.alive  # asked before reading, so that the last lines are not lost
                for line in lines:
                    say(line.rstrip())
                if not alive:
                    break
                time.sleep(_POLL_SECONDS)
    finally:
        code = process.stop()
    return code
