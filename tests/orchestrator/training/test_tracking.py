"""MLflow behind a handful of verbs, over a folder."""

from __future__ import annotations

import pytest

from orchestrator.training.errors import ServiceError
from orchestrator.training.services import Services

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def test_a_run_keeps_what_it_is_given(services: Services) -> None:
    """Artifacts come back as they went in; work that fails closes the run as failed."""
    tracking = services.tracking
    run_id = tracking.start_run("a run", {})
    tracking.log_files(run_id, {"folder/file.txt": b"text"})
    assert tracking.read_bytes(run_id, "folder/file.txt") == b"text"
    assert tracking.versions_of(run_id) == [] and tracking.champion_version() is None
    with pytest.raises(KeyboardInterrupt), tracking.failing(run_id):
        raise KeyboardInterrupt
    assert tracking.client.get_run(run_id).info.status == "FAILED"


def test_what_mlflow_raises_is_named(services: Services) -> None:
    """An unknown run is a ServiceError with the server's address."""
    with pytest.raises(ServiceError, match="MLflow at file:"):
        services.tracking.end_run("none")
