"""`make run`, as a newcomer starts it: the whole loop must end with exit code 0 and leave nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.localcloud.support.deployment import eventually
from tests.localcloud.support.processes import of_state

REPOSITORY = Path(__file__).parents[1]
GIVEN = ("--endpoint", os.environ["AWS_ENDPOINT_URL"]) if "AWS_ENDPOINT_URL" in os.environ else ()


@pytest.mark.aws
@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_everything_once_end_to_end(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "localcloud", "--state", str(tmp_path), *GIVEN, "run"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, f"{said}\n{done.stderr}"
    assert "Every input has exactly one answer." in said
    # In whichever order they arrive: one window in a thousand shows a column as drifted by chance,
    # which warns; an alarm takes two.
    assert re.search(r"3 windows of normal students: (ok|warn)(, (ok|warn)){2}\n", said), said
    assert "[ALARM]" in said
    assert "the gate's word on the challenger, promoted:" in said
    assert "with no redeploy" in said
    assert "the incident has ended" in said
    eventually(lambda: not of_state(tmp_path))
