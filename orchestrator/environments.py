"""The environments by name, and the variables by which a program finds one's services.

``local`` is what `make up` started; others are ``infrastructure/vars/NAME.tfvars.json``, reached with
the caller's rights, in another account by a profile of the AWS configuration.
"""

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

import boto3

from orchestrator.training.errors import VariableError

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local" / "env"
VARS = ROOT / "infrastructure" / "vars"


class Environment(NamedTuple):
    """One environment; in one that ``trains`` in the cloud only its own tasks reach MLflow."""

    name: str
    variables: dict[str, str]
    trains: bool

    @classmethod
    def named(cls, name: str, profile: str = "") -> Self:
        """Return the environment of this name; raises VariableError."""
        try:
            if name == "local":
                lines = LOCAL.read_text(encoding="utf-8").splitlines()
                pairs = (line.partition("=") for line in lines)
                return cls(name, {k: "".join(shlex.split(v)) for k, _, v in pairs}, False)
            settings = json.loads((VARS / f"{name}.tfvars.json").read_text(encoding="utf-8"))
        except OSError as error:
            known = sorted(p.name.partition(".")[0] for p in VARS.glob("*.s3.tfbackend"))
            accepted = f"{', '.join(known)}, or local while `make up` runs"
            raise VariableError(f"environment {name!r}", accepted) from error
        variables = {
            "MODEL_BUCKET": settings["model_bucket_name"],
            "ARTIFACT_BUCKET": settings["artifact_bucket_name"],
            "MODEL_NAME": settings["model_name"],
            "AWS_REGION": settings["region"],
            "AWS_DEFAULT_REGION": settings["region"],
        }
        if profile:
            variables["AWS_PROFILE"] = profile
        return cls(name, variables, bool(settings.get("enable_training")))

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this process find this environment's services, and no other's MLflow."""
        kept = dict(os.environ)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        os.environ.update(self.variables)
        # boto3 keeps the credentials of the first client it made.
        boto3.setup_default_session()
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(kept)
            boto3.setup_default_session()
