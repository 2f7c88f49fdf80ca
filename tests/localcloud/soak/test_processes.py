"""Who runs, and whether their memory grows."""

import os
import subprocess
import sys
from pathlib import Path

from localcloud.soak.processes import by_role, growing, megabytes, using


def test_flat_memory_is_no_finding() -> None:
    wave = [100 + 30 * (number % 2) for number in range(100)]
    assert not growing({"host": wave, "function": [80] * 100, "worker": [], "ingest": [50] * 3})


def test_growing_memory_is_found() -> None:
    samples = {"host": [100 + number for number in range(200)], "ingest": [60] * 200}
    assert growing(samples) == ["the memory of host grew from 160 to 280 MB"]


def test_growth_while_starting_is_none() -> None:
    assert not growing({"host": [*range(10, 100), *[100] * 400]})


def test_processes_are_found_by_state_and_role(tmp_path: Path) -> None:
    """GIVEN a process whose command line names the state and a role WHEN asked THEN it is found."""
    code = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, "localcloud.lambda_host", str(tmp_path / "lambda")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as child:
        assert child.stdout is not None
        # Until it runs its command line may be empty.
        child.stdout.readline()
        assert using(tmp_path) == [child.pid]
        assert by_role(os.getpid())["host"] == [child.pid]
        assert megabytes(child.pid) > 1
        child.communicate()
    assert not using(tmp_path) and not megabytes(child.pid)
