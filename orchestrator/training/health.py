"""Is the tracking server there? Asked without importing MLflow, which takes seconds."""

from __future__ import annotations

import urllib.request

from orchestrator.training.errors import ServiceError

SECONDS = 10


def check_tracking(uri: str) -> None:
    """Raise ServiceError unless the MLflow server at ``uri`` answers within SECONDS."""
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=SECONDS) as answer:
            answer.read()
    except OSError as error:
        raise ServiceError("MLflow", uri, error) from error
