"""Headless training with whatever services it needs: those of a running stack, else its own for as
long as it takes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from localcloud.configuration import REPOSITORY
from localcloud.errors import EnvironmentMissing
from localcloud.lock import is_held
from localcloud.service import base_environment, python_of
from localcloud.stack import Options, Stack
from localcloud.state_file import check_endpoint, read_variables

NEEDED = ("emulator", "mlflow")


def train(state: Path, arguments: Sequence[str], endpoint: str | None = None) -> int:
    """Run ``orchestrator.run`` with ``arguments``; return its exit code."""
    variables = read_variables(state)
    if variables is not None and is_held(state):
        check_endpoint(variables, endpoint)
        return run(state, variables, arguments)
    with Stack(state, services=NEEDED, options=Options(endpoint=endpoint)) as stack:
        return run(state, stack.environment, arguments)


def run(state: Path, variables: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Run the training program against the services ``variables`` name."""
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
