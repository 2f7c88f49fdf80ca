"""A publication killed before every request it makes to MLflow and S3."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from localcloud.configuration import REPOSITORY
from localcloud.service import python_of
from localcloud.stack import Stack

FEWEST_REQUESTS = 15
"""Registering, two files, alias and pointer cannot take fewer."""


@pytest.mark.timeout(600)
def test_a_publication_killed_anywhere(local_stack: Stack, local_mlflow: str) -> None:
    """GIVEN a champion WHEN publishing the next is killed (SIGKILL) before any of its requests
    THEN what serves is whole, the alias is finished by the next run and never lost, and the same
    run published again becomes the champion under one version."""
    assert local_mlflow
    run = subprocess.run(
        [str(python_of("orchestrator")), "-m", "tests.orchestrator.killing"],
        env={**os.environ, **local_stack.environment, "MODEL_NAME": "killed-publication"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    *kills, last = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(kills) >= FEWEST_REQUESTS and last["exit"] == 0
    new = [found["versions"][0] for found in kills]
    for found, version in zip(kills, new, strict=True):
        assert found["exit"] == -signal.SIGKILL
        assert found["served"] in (found["before"], version), found
        # Once there is an alias it names what serves, without the run being repeated.
        serving, alias = found["after_recovery"]
        assert serving == alias or alias is None, found
        assert found["again"] == 0 and found["after_again"] == [version, version], found
        assert found["versions"] == [version], found
    # The kills reached every state: the old champion, the decision made, the new champion.
    assert any(found["served"] == found["before"] and found["recovered"] for found in kills)
    assert any(found["before"] == found["served"] and not found["recovered"] for found in kills)
