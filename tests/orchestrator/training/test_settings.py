"""Settings of the services, read from the environment."""

from __future__ import annotations

from urllib.request import proxy_bypass

import pytest

from contract.environment import SettingsError
from orchestrator.training.settings import Settings

ENVIRONMENT = {
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
    "MODEL_BUCKET": "models",
    "ARTIFACT_BUCKET": "artifacts",
}


def test_settings_from_environment() -> None:
    """The three that are needed, and defaults for the rest."""
    settings = Settings.from_environment(ENVIRONMENT)
    assert settings.model_name == "student-performance"
    assert settings.database_url == ""


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_setting_is_named(name: str) -> None:
    """A missing setting is named."""
    with pytest.raises(SettingsError, match=f"^{name} must be set to"):
        Settings.from_environment({k: v for k, v in ENVIRONMENT.items() if k != name})


@pytest.mark.parametrize("uri", ["sqlite:///m.db", "postgresql://h/d", "mlruns", "http://"])
def test_only_http_tracking(uri: str) -> None:
    """A database address would recurse for ever inside Mage's server."""
    with pytest.raises(SettingsError, match="never a database's"):
        Settings.from_environment(ENVIRONMENT | {"MLFLOW_TRACKING_URI": uri})


def test_a_proxy_never_sees_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow, its health check and S3 on this machine are asked directly from then on."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "elsewhere.example")
    Settings.from_environment(ENVIRONMENT)
    assert proxy_bypass("127.0.0.1:5000")
