"""Where the services are: read from the environment, checked before any work starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from contract.features import DEFAULT_MODEL_NAME
from orchestrator.training.errors import VariableError

# MLflow's own defaults retry a dead server for many minutes, block after block.
MLFLOW_HTTP_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@dataclass(frozen=True)
class Settings:
    """Addresses and names one training run uses."""

    tracking_uri: str
    model_bucket: str
    artifact_bucket: str
    model_name: str = DEFAULT_MODEL_NAME
    endpoint_url: str = ""
    database_url: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check the settings.

        MLFLOW_TRACKING_URI must be http(s): inside Mage's server a database address sends
        MLflow's schema migration into an endless recursion with Mage's redirected stderr.
        """
        env = os.environ if environment is None else environment
        for key, value in MLFLOW_HTTP_DEFAULTS.items():
            os.environ.setdefault(key, value)
        tracking_uri = _required(env, "MLFLOW_TRACKING_URI", "an http(s) address")
        parts = urlsplit(tracking_uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise VariableError("MLFLOW_TRACKING_URI", "an http(s) address, never a database's")
        return cls(
            tracking_uri=tracking_uri,
            model_bucket=_required(env, "MODEL_BUCKET", "the name of the models' bucket"),
            artifact_bucket=_required(env, "ARTIFACT_BUCKET", "the name of the artifacts' bucket"),
            model_name=env.get("MODEL_NAME", "") or DEFAULT_MODEL_NAME,
            endpoint_url=env.get("AWS_ENDPOINT_URL", ""),
            database_url=env.get("DATABASE_URL", ""),
        )


def _required(env: Mapping[str, str], name: str, accepted: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise VariableError(name, f"{accepted} (it is not set)")
    return value
