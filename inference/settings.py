"""The service's settings, read from the environment once and checked."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from contract.environment import SettingsError, read
from contract.features import DEFAULT_MODEL_NAME

S3 = "s3://"
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class Settings(msgspec.Struct, frozen=True):
    """What the environment says; the model lies in the bucket or, if set, in a local directory."""

    model_name: str = msgspec.field(name="MODEL_NAME", default=DEFAULT_MODEL_NAME)
    model_bucket: str | None = msgspec.field(name="MODEL_BUCKET", default=None)
    model_location: str | None = msgspec.field(name="MODEL_LOCATION", default=None)
    refresh_seconds: Seconds = msgspec.field(name="MODEL_REFRESH_SECONDS", default=60.0)
    predictions_stream: str = msgspec.field(name="PREDICTIONS_STREAM_NAME", default="")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises SettingsError naming the variable and what it accepts."""
    settings = read(Settings, environment)
    location, bucket = settings.model_location, settings.model_bucket
    if location and location.startswith(S3):
        bucket, location = location.removeprefix(S3).rstrip("/"), None
        if "/" in bucket:
            raise SettingsError("MODEL_LOCATION must be s3://BUCKET, without a prefix")
    if not (location or bucket):
        raise SettingsError("set MODEL_BUCKET (an S3 bucket) or MODEL_LOCATION (a directory)")
    return msgspec.structs.replace(
        settings, model_bucket=None if location else bucket, model_location=location
    )
