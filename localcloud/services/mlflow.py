"""The MLflow tracking server: runs and the registry in SQLite, artifacts in S3."""

from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import REPOSITORY
from localcloud.process import Process
from localcloud.service import Service, answers, base_environment, python_of


class MlflowServer(Service):
    """Clients write artifacts to S3 themselves; needs AWS_ENDPOINT_URL and ARTIFACT_BUCKET."""

    name = "mlflow"
    preferred_port = 5000
    ready_seconds = 120.0

    def environment(self) -> dict[str, str]:
        return {
            "MLFLOW_TRACKING_URI": self.url,
            # The client's own defaults keep a caller waiting for minutes when the server is down.
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
        }

    def build(self, variables: Mapping[str, str]) -> Process:
        server: list[str | Path] = [
            *(python_of("mlflow"), "-m", "mlflow", "server"),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", f"sqlite:///{self.directory / 'mlflow.db'}", "--workers", "1"),
            *("--gunicorn-opts", "--config python:orchestrator.tracking_server.door"),
        ]
        if "ARTIFACT_BUCKET" in variables:
            root = f"s3://{variables['ARTIFACT_BUCKET']}/mlflow"
            server += ["--no-serve-artifacts", "--default-artifact-root", root]
        else:
            server += ["--artifacts-destination", str(self.directory / "artifacts")]
        environment = base_environment(
            **variables,
            PYTHONPATH=str(REPOSITORY),
            DO_NOT_TRACK="true",
            MLFLOW_DISABLE_TELEMETRY="true",
            GIT_PYTHON_REFRESH="quiet",
        )
        return self.command(server, environment, self.directory)

    def ready(self) -> bool:
        return answers(self.port, "/health")
