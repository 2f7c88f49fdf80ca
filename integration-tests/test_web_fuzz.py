"""Generated requests against the running service: nothing it answers differs from its description."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contract.features import DEFAULT_MODEL_NAME
from tests.inference.support import factory
from tests.inference.support.server import running

EXAMPLES = "30"
SEED = "20261123"

pytestmark = pytest.mark.slow


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Given valid and invalid requests made from the description, every answer is as described."""
    factory.publish(tmp_path / "models" / DEFAULT_MODEL_NAME, "1")
    command = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert command is not None
    with running(tmp_path / "web.log", MODEL_LOCATION=str(tmp_path)) as address:
        run = subprocess.run(
            [command, "run", f"{address}/openapi.json", "--max-examples", EXAMPLES]
            + ["--seed", SEED, "--suppress-health-check", "too_slow"]
            + ["--no-color", "--continue-on-failure"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=800,
        )
    assert run.returncode == 0, run.stdout[-8000:]
    assert "No issues found" in run.stdout
