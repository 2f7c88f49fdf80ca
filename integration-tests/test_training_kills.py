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
        [str(python_of("orchestrator")), "-m", "tests.orchestrator.support.killing"],
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
    new = [kill["versions"][0] for kill in kills]
    for kill, version in zip(kills, new, strict=True):
        assert kill["exit"] == -signal.SIGKILL
        assert kill["served"] in (kill["before"], version), kill
        # Once there is an alias it names what serves, without the run being repeated.
        serving, alias = kill["after_recovery"]
        assert serving == alias or alias is None, kill
        assert kill["again"] == 0 and kill["after_again"] == [version, version], kill
        assert kill["versions"] == [version], kill
    # The kills reached every state: the old champion, the decision made, the new champion.
    assert any(kill["served"] == kill["before"] and kill["recovered"] for kill in kills)
    assert any(kill["before"] == kill["served"] and not kill["recovered"] for kill in kills)
