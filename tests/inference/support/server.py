"""The real web service as a process of its own, on a free port, for tests and benchmarks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60


@contextmanager
def running(log: Path, prefix: tuple[str, ...] = (), **environment: str) -> Iterator[str]:
    """Run ``python -m inference.web`` and yield its address; ``log`` takes what it logs.

    ``prefix`` goes before the command (taskset, for one). The process group ends with the block.
    """
    command = [*prefix, sys.executable, "-m", "inference.web", "--port", "0"]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield _address(process, log)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(START_SECONDS)


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        raise RuntimeError(f"the web service did not start: {line}{log.read_text()}")
    return found[0]
