"""`make run`, as a newcomer starts it: the whole loop must end with exit code 0 and leave nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_everything_once_end_to_end(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.local", "--state", str(tmp_path), "run"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, f"{said}\n{done.stderr}"
    assert "Every input has exactly one answer." in said
    assert "windows of normal students: ok, ok, ok" in said
    assert "[ALARM]" in said
    # A challenger that is no better may be refused; one that is promoted must take over.
    if "the gate refused the challenger" not in said:
        assert "the gate promoted the challenger" in said
        assert "with no redeploy" in said
        assert "the incident has ended" in said
    assert not _processes_below(tmp_path)


def _processes_below(state: Path) -> list[str]:
    """The processes whose command line names the run's state directory (Linux only)."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue
        if str(state).encode() in command:
            lines.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return lines
