"""The names and settings Terraform and the local cloud share: infrastructure/vars/*.tfvars.json."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from localcloud.errors import ConfigurationError

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT_STATE = REPOSITORY / ".local"
LOCAL_VARIABLES = REPOSITORY / "infrastructure" / "vars" / "local.tfvars.json"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The variables the local cloud reads; others in the file are Terraform's alone.

    The limits are AWS's for a Kinesis event source mapping (CreateEventSourceMapping) and a
    function's timeout.
    """

    region: Name
    model_name: Name
    students_stream_name: Name
    predictions_stream_name: Name
    stream_shard_count: Annotated[int, msgspec.Meta(ge=1, le=500)]
    model_bucket_name: Name
    artifact_bucket_name: Name
    failure_queue_name: Name
    function_name: Name
    function_handler: Name
    function_memory_mb: Annotated[int, msgspec.Meta(ge=128, le=10_240)]
    function_timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=900)]
    model_refresh_seconds: Annotated[int, msgspec.Meta(ge=0)]
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
    mapping_batch_size: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    mapping_batching_window_seconds: Annotated[float, msgspec.Meta(ge=0, le=300)]
    mapping_parallelization_factor: Annotated[int, msgspec.Meta(ge=1, le=10)]
    mapping_starting_position: Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
    mapping_starting_position_timestamp: float | None = None
    mapping_bisect_on_error: bool
    mapping_maximum_retry_attempts: Annotated[int, msgspec.Meta(ge=-1, le=10_000)]
    mapping_maximum_record_age_seconds: Annotated[int, msgspec.Meta(ge=-1, le=604_800)]
    alert_sender: Name
    alert_recipients: list[Name]


def load(path: Path = LOCAL_VARIABLES) -> Configuration:
    """Read a tfvars.json file; raises ConfigurationError naming the file and the variable."""
    try:
        configuration = msgspec.json.decode(path.read_bytes(), type=Configuration)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if (configuration.mapping_starting_position == "AT_TIMESTAMP") != (
        configuration.mapping_starting_position_timestamp is not None
    ):
        raise ConfigurationError(
            f"{path}: mapping_starting_position_timestamp goes with "
            "mapping_starting_position AT_TIMESTAMP, and only with it"
        )
    return configuration


def renamed(folder: Path, prefix: str, **changes: object) -> Path:
    """Write a variables file like local.tfvars.json with names and a recipient that begin with
    ``prefix``, and with ``changes``: for an endpoint that others use too.
    """
    values = msgspec.json.decode(LOCAL_VARIABLES.read_bytes())
    for name in list(values):
        if name.endswith(("stream_name", "bucket_name", "queue_name", "function_name")):
            values[name] = f"{prefix}-{name.rsplit('_', 1)[0].replace('_', '-')}"
    values["alert_recipients"] = [f"{prefix}@school.example"]
    path = folder / f"{prefix}.tfvars.json"
    path.write_bytes(msgspec.json.encode({**values, **changes}))
    return path


def with_handler(configuration: Configuration, handler: str) -> Configuration:
    """Return the same configuration for another handler (``package.module.function``)."""
    return msgspec.structs.replace(configuration, function_handler=handler)
