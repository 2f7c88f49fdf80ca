"""What the environment says: one frozen value, checked at start, defaults in one place."""

import os
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from contract.environment import read
from contract.features import DEFAULT_MODEL_NAME

Rows = Annotated[int, Meta(ge=20, le=100_000)]
DatabaseAddress = Annotated[
    str,
    Meta(
        pattern=r"^postgres(ql)?://",
        extra_json_schema={"description": "a postgresql:// address"},
    ),
]
MailAddress = Annotated[
    str,
    Meta(
        pattern=r"^(\S*@\S*)?$",
        extra_json_schema={"description": "a mail address"},
    ),
]


class WindowSettings(msgspec.Struct, frozen=True):
    """Where windows are cut and when their figures count as evidence.

    ``rows``: scored rows of one window; ``limit_seconds``: a window that has been open this long
    is closed with what it has; ``minimum_rows``: fewer at the limit give "insufficient" (unset:
    100, or ``rows`` if those are fewer); ``catch_up_rows``: the size used while more than
    ``catch_up_backlog`` windows wait (unset: 2,000, or ``rows`` if those are more);
    ``label_rows``: labelled rows of one performance window; ``clear_windows``: windows in a row
    without alarm that end an incident.
    """

    rows: Rows = field(name="WINDOW_ROWS", default=200)
    limit_seconds: Annotated[float, Meta(ge=0.1, le=604_800)] = field(
        name="WINDOW_LIMIT_SECONDS", default=900.0
    )
    minimum_rows: Annotated[int, Meta(ge=1)] = field(name="WINDOW_MINIMUM_ROWS", default=0)
    catch_up_rows: Rows = field(name="WINDOW_CATCH_UP_ROWS", default=0)
    catch_up_backlog: Annotated[int, Meta(ge=1, le=1_000_000)] = field(
        name="WINDOW_CATCH_UP_BACKLOG", default=20
    )
    label_rows: Rows = field(name="WINDOW_LABEL_ROWS", default=200)
    clear_windows: Annotated[int, Meta(ge=1, le=100)] = field(
        name="INCIDENT_CLEAR_WINDOWS", default=2
    )
    reports: Literal["all", "notable", "none"] = field(name="WINDOW_REPORTS", default="all")

    def __post_init__(self) -> None:
        if not self.minimum_rows:
            msgspec.structs.force_setattr(self, "minimum_rows", min(100, self.rows))
        if not self.catch_up_rows:
            msgspec.structs.force_setattr(self, "catch_up_rows", max(2000, self.rows))
        if self.minimum_rows > self.rows:
            raise ValueError("WINDOW_MINIMUM_ROWS must not be more than WINDOW_ROWS")
        if self.catch_up_rows < self.rows:
            raise ValueError("WINDOW_CATCH_UP_ROWS must not be fewer than WINDOW_ROWS")


class AlertSettings(msgspec.Struct, frozen=True):
    """Who is told, where retraining is asked for, and how patiently."""

    sender: MailAddress = field(name="ALERT_SENDER", default="")
    recipients: tuple[MailAddress, ...] = field(name="ALERT_RECIPIENTS", default=())
    mage_url: str = field(name="MAGE_URL", default="")
    retrain_pipeline: str = field(name="RETRAIN_PIPELINE", default="retraining")
    retrain_trigger: str = field(name="RETRAIN_TRIGGER", default="retraining_api")
    retrain_token: str = field(name="RETRAINING_TRIGGER_TOKEN", default="")
    retrain_trials: Annotated[int, Meta(ge=1, le=1000)] = field(name="RETRAIN_TRIALS", default=10)
    retrain_minimum_labels: Annotated[int, Meta(ge=0, le=1_000_000)] = field(
        name="RETRAIN_MINIMUM_LABELS", default=100
    )
    retrain_cooldown_seconds: Annotated[float, Meta(ge=0, le=2_592_000)] = field(
        name="RETRAIN_COOLDOWN_SECONDS", default=21_600.0
    )
    retrain_timeout_seconds: Annotated[float, Meta(ge=1, le=604_800)] = field(
        name="RETRAIN_TIMEOUT_SECONDS", default=7_200.0
    )
    dashboard_url: str = field(name="DASHBOARD_URL", default="")
    runbook_url: str = field(name="RUNBOOK_URL", default="infrastructure/README.md")
    environment: str = field(name="ENVIRONMENT", default="")
    attempts: Annotated[int, Meta(ge=1, le=100)] = field(name="DELIVERY_ATTEMPTS", default=8)
    backoff_seconds: Annotated[float, Meta(ge=0.01, le=3600)] = field(
        name="DELIVERY_BACKOFF_SECONDS", default=5.0
    )

    def __post_init__(self) -> None:
        if self.recipients and not self.sender:
            raise ValueError("ALERT_RECIPIENTS is set but ALERT_SENDER is not")


class Settings(msgspec.Struct, frozen=True):
    """Everything the worker reads from its environment."""

    database_url: DatabaseAddress = field(name="DATABASE_URL")
    students_stream: str = field(name="STUDENTS_STREAM_NAME", default="")
    predictions_stream: str = field(name="PREDICTIONS_STREAM_NAME", default="")
    labels_stream: str = field(name="LABELS_STREAM_NAME", default="")
    failure_queue_url: str = field(name="FAILURE_QUEUE_URL", default="")
    artifact_bucket: str = field(name="ARTIFACT_BUCKET", default="")
    model_name: str = field(name="MODEL_NAME", default=DEFAULT_MODEL_NAME)
    start: Literal["TRIM_HORIZON", "LATEST"] = field(name="INGEST_START", default="TRIM_HORIZON")
    batch_rows: Annotated[int, Meta(ge=1, le=10_000)] = field(
        name="INGEST_BATCH_ROWS", default=1000
    )
    poll_seconds: Annotated[float, Meta(ge=0.01, le=60)] = field(
        name="INGEST_POLL_SECONDS", default=0.25
    )
    tick_seconds: Annotated[float, Meta(ge=0.01, le=3600)] = field(
        name="WORKER_TICK_SECONDS", default=1.0
    )
    retention_days: Annotated[int, Meta(ge=1, le=36_500)] = field(
        name="RETENTION_DAYS", default=400
    )
    mage_data: str = field(name="MAGE_DATA_DIR", default="")
    endpoint_url: str | None = field(name="AWS_ENDPOINT_URL", default=None)
    windows: WindowSettings = field(default_factory=WindowSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment; raises SettingsError naming what is accepted."""
    return read(Settings, os.environ if environment is None else environment)
