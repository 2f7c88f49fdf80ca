"""`make soak`, the short one: traffic under faults ends with nothing found and nothing running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.configuration import REPOSITORY
from tests.localcloud.support.processes import of_state

GIVEN = ("--endpoint", os.environ["AWS_ENDPOINT_URL"]) if "AWS_ENDPOINT_URL" in os.environ else ()
SEED = "11"


@pytest.mark.aws
@pytest.mark.slow
def test_nothing_is_lost_under_faults(tmp_path: Path) -> None:
    """GIVEN traffic with broken records, aggregates, doubles and late labels
    WHEN faults strike one after the other
    THEN the auditor finds nothing, and the table says how long each took to heal."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "localcloud", "--state", str(tmp_path), *GIVEN),
            *("soak", "--duration", "40", "--seed", SEED),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert f"SEED={SEED}" in done.stdout and "all answered after" in done.stdout
    said = json.loads((tmp_path / "soak" / "soak.json").read_bytes())
    assert not said["findings"]
    assert said["answered"] == said["inputs"] > 10_000
    assert len(said["faults"]) >= 2 and said["late_labels"] > 0
    assert not of_state(tmp_path)
