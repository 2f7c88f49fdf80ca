"""Where the services are: read from the environment, checked before any work starts."""

import os
import urllib.request
from collections.abc import Mapping
from typing import Annotated, Self

import msgspec

from contract.environment import read, spare_loopback
from contract.features import DEFAULT_MODEL_NAME
from orchestrator.training.errors import ServiceError

HEALTH_SECONDS = 10
# MLflow's own defaults retry a dead server for many minutes, block after block.
MLFLOW_HTTP_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

HttpAddress = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?i:https?)://[^/:?#]",
        extra_json_schema={"description": "an http(s) address, never a database's"},
    ),
]


class Buckets(msgspec.Struct, frozen=True):
    """Where an environment keeps its models, and everything else."""

    model_bucket: str = msgspec.field(name="MODEL_BUCKET")
    artifact_bucket: str = msgspec.field(name="ARTIFACT_BUCKET")
    model_name: str = msgspec.field(name="MODEL_NAME", default=DEFAULT_MODEL_NAME)
    endpoint_url: str = msgspec.field(name="AWS_ENDPOINT_URL", default="")


class Settings(Buckets, frozen=True, kw_only=True):
    """Addresses and names one training run uses.

    The tracking address must be http(s): inside Mage's server a database address sends MLflow's
    schema migration into an endless recursion with Mage's redirected stderr.
    """

    tracking_uri: HttpAddress = msgspec.field(name="MLFLOW_TRACKING_URI")
    database_url: str = msgspec.field(name="DATABASE_URL", default="")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check the settings; raises SettingsError. Limits MLflow's retries."""
        spare_loopback()
        for key, value in MLFLOW_HTTP_DEFAULTS.items():
            os.environ.setdefault(key, value)
        return read(cls, environment)


def check_tracking(uri: str) -> None:
    """Raise ServiceError unless the MLflow server at ``uri`` answers within HEALTH_SECONDS.

    Asked without MLflow's client, which takes seconds to import.
    """
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=HEALTH_SECONDS) as answer:
            answer.read()
    except OSError as error:
        raise ServiceError("MLflow", uri, error) from error
