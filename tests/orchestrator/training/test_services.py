"""Services are opened from the environment and checked before any work."""

from __future__ import annotations

import pytest

from orchestrator.training.errors import ServiceError
from orchestrator.training.services import Services


def test_a_dead_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening connects to nothing; the check names the service that does not answer."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MODEL_BUCKET", "models")
    monkeypatch.setenv("ARTIFACT_BUCKET", "artifacts")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    services = Services.open()
    assert services.stores.models.bucket == "models"
    with pytest.raises(ServiceError, match="MLflow at http://127.0.0.1:9 cannot be used"):
        services.check()
