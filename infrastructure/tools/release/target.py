"""The environment a release goes to, as vars/ and the workflow's variables say."""

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from infrastructure.tools.release.errors import ReleaseError

INFRASTRUCTURE = Path(__file__).resolve().parents[2]

DOCKERFILES = {
    "inference": "inference/Dockerfile",
    "monitoring": "monitoring/Dockerfile",
    "orchestrator": "orchestrator/Dockerfile",
    "mlflow": "orchestrator/tracking_server/Dockerfile",
    "grafana": "monitoring/dashboards/grafana/Dockerfile",
}
"""Every component that has an image. Each environment has a repository for each of them."""


class Target(NamedTuple):
    """Where to, and which commit of which GitHub repository."""

    environment: str
    settings: dict[str, Any]
    state_bucket: str
    commit: str
    github_repository: str

    @property
    def name(self) -> str:
        """Return the prefix of every name in the environment."""
        return f"student-performance-{self.environment}"


def load(folder: Path = INFRASTRUCTURE) -> Target:
    """Return the target that ENVIRONMENT, GITHUB_SHA and GITHUB_REPOSITORY name."""
    environment = os.environ.get("ENVIRONMENT", "")
    if not re.fullmatch(r"[a-z][a-z0-9]{1,11}", environment):
        raise ReleaseError("ENVIRONMENT must name the environment: stg or prod")
    try:
        settings = json.loads((folder / f"vars/{environment}.tfvars.json").read_text("utf-8"))
        backend = (folder / f"vars/{environment}.s3.tfbackend").read_text("utf-8")
    except OSError as error:
        raise ReleaseError(f"{error.filename}: {error.strerror}") from error
    bucket = re.search(r'^bucket\s*=\s*"([^"]+)"', backend, re.MULTILINE)
    if bucket is None:
        raise ReleaseError(f"vars/{environment}.s3.tfbackend names no bucket")
    return Target(
        environment,
        settings,
        bucket[1],
        os.environ.get("GITHUB_SHA", ""),
        os.environ.get("GITHUB_REPOSITORY", ""),
    )
