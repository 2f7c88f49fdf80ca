"""The service's settings, read from environment variables once and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from contract.errors import StudentPerformanceError
from contract.features import DEFAULT_MODEL_NAME

_S3 = "s3://"


class ConfigurationError(StudentPerformanceError):
    """An environment variable is missing or cannot be read."""

    code = "configuration"


class Configuration(NamedTuple):
    """What the environment says; see `from_environment` for the variables."""

    model_name: str
    model_bucket: str | None
    model_location: Path | None
    refresh_seconds: float
    predictions_stream: str
    challenger: bool
    challenger_stream: str | None


def from_environment(environment: Mapping[str, str]) -> Configuration:
    """Read the settings; raises ConfigurationError naming the variable and what it accepts."""
    location = environment.get("MODEL_LOCATION", "")
    bucket = environment.get("MODEL_BUCKET", "")
    if location.startswith(_S3):
        location, bucket = "", location.removeprefix(_S3).rstrip("/")
        if "/" in bucket:
            raise ConfigurationError("MODEL_LOCATION must be s3://BUCKET, without a prefix")
    if not location and not bucket:
        raise ConfigurationError("set MODEL_BUCKET (an S3 bucket) or MODEL_LOCATION (a directory)")
    return Configuration(
        model_name=environment.get("MODEL_NAME") or DEFAULT_MODEL_NAME,
        model_bucket=None if location else bucket,
        model_location=Path(location) if location else None,
        refresh_seconds=_seconds(environment, "MODEL_REFRESH_SECONDS", 60.0),
        predictions_stream=environment.get("PREDICTIONS_STREAM_NAME", ""),
        challenger=environment.get("CHALLENGER", "").lower() in ("1", "true", "on"),
        challenger_stream=environment.get("CHALLENGER_STREAM_NAME") or None,
    )


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ConfigurationError(f"{name} must be a number of seconds, 0 or more")
    return value
