"""The Lambda host's errors."""

from __future__ import annotations

from localcloud.errors import LocalCloudError


class LambdaHostError(LocalCloudError):
    """Root of the Lambda host's errors."""

    code = "lambda_host"


class TargetUnavailable(LambdaHostError):
    """The function could not be invoked at all: nothing ran, so no retry is used up."""

    code = "lambda_host.target"


class CheckpointError(LambdaHostError):
    """The checkpoint file cannot be used."""

    code = "lambda_host.checkpoint"
