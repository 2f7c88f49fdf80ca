"""What the environment says: one frozen value, checked at start, defaults in one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.features import DEFAULT_MODEL_NAME
from monitoring.errors import SettingsError

STARTS: Final = ("TRIM_HORIZON", "LATEST")
REPORT_POLICIES: Final = ("all", "notable", "none")


@dataclass(frozen=True)
class WindowSettings:
    """Where windows are cut and when their figures count as evidence.

    ``rows``: scored rows of one window; ``limit_seconds``: a window that has been open this long
    is closed with what it has; ``minimum_rows``: fewer at the limit give "insufficient";
    ``catch_up_rows``: the size used while more than ``catch_up_backlog`` windows wait;
    ``label_rows``: labelled rows of one performance window; ``clear_windows``: windows in a row
    without alarm that end an incident.
    """

    rows: int = 200
    limit_seconds: float = 900.0
    minimum_rows: int = 100
    catch_up_rows: int = 2000
    catch_up_backlog: int = 20
    label_rows: int = 200
    clear_windows: int = 2
    reports: str = "all"


@dataclass(frozen=True)
class AlertSettings:
    """Who is told, where retraining is asked for, and how patiently."""

    sender: str = ""
    recipients: tuple[str, ...] = ()
    mage_url: str = ""
    retrain_pipeline: str = "retraining"
    retrain_trigger: str = "retraining_api"
    retrain_token: str = "retraining"
    retrain_trials: int = 10
    retrain_minimum_labels: int = 100
    retrain_cooldown_seconds: float = 21_600.0
    retrain_timeout_seconds: float = 7_200.0
    dashboard_url: str = ""
    runbook_url: str = "infrastructure/README.md"
    environment: str = ""
    attempts: int = 8
    backoff_seconds: float = 5.0


@dataclass(frozen=True)
class Settings:
    """Everything the worker reads from its environment."""

    database_url: str
    predictions_stream: str = ""
    labels_stream: str = ""
    artifact_bucket: str = ""
    model_name: str = DEFAULT_MODEL_NAME
    start: str = "TRIM_HORIZON"
    batch_rows: int = 1000
    poll_seconds: float = 0.25
    tick_seconds: float = 1.0
    retention_days: int = 400
    endpoint_url: str | None = None
    windows: WindowSettings = field(default_factory=WindowSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SettingsError(f"{name} is {text!r}; accepted: a number from {low:g} to {high:g}")
    return value


def _choice(env: Mapping[str, str], name: str, default: str, accepted: tuple[str, ...]) -> str:
    text = env.get(name, "").strip() or default
    if text not in accepted:
        raise SettingsError(f"{name} is {text!r}; accepted: {', '.join(accepted)}")
    return text


def _windows(env: Mapping[str, str], whole: Callable[[str, int, int, int], int]) -> WindowSettings:
    base = WindowSettings()
    rows = whole("WINDOW_ROWS", base.rows, 20, 100_000)
    return WindowSettings(
        rows=rows,
        limit_seconds=_number(env, "WINDOW_LIMIT_SECONDS", base.limit_seconds, 0.1, 604_800),
        minimum_rows=whole("WINDOW_MINIMUM_ROWS", min(base.minimum_rows, rows), 1, rows),
        catch_up_rows=whole("WINDOW_CATCH_UP_ROWS", max(base.catch_up_rows, rows), rows, 100_000),
        catch_up_backlog=whole("WINDOW_CATCH_UP_BACKLOG", base.catch_up_backlog, 1, 1_000_000),
        label_rows=whole("WINDOW_LABEL_ROWS", base.label_rows, 20, 100_000),
        clear_windows=whole("INCIDENT_CLEAR_WINDOWS", base.clear_windows, 1, 100),
        reports=_choice(env, "WINDOW_REPORTS", base.reports, REPORT_POLICIES),
    )


def _alerts(env: Mapping[str, str], whole: Callable[[str, int, int, int], int]) -> AlertSettings:
    base = AlertSettings()
    recipients = tuple(
        part.strip() for part in env.get("ALERT_RECIPIENTS", "").split(",") if part.strip()
    )
    for address in (*recipients, env.get("ALERT_SENDER", "").strip()):
        if address and ("@" not in address or any(c.isspace() for c in address)):
            raise SettingsError(f"{address!r} in ALERT_SENDER or ALERT_RECIPIENTS is no address")
    if recipients and not env.get("ALERT_SENDER", "").strip():
        raise SettingsError("ALERT_RECIPIENTS is set but ALERT_SENDER is not")
    return AlertSettings(
        sender=env.get("ALERT_SENDER", "").strip(),
        recipients=recipients,
        mage_url=env.get("MAGE_URL", "").strip().rstrip("/"),
        retrain_pipeline=env.get("RETRAIN_PIPELINE", "").strip() or base.retrain_pipeline,
        retrain_trigger=env.get("RETRAIN_TRIGGER", "").strip() or base.retrain_trigger,
        retrain_token=env.get("RETRAINING_TRIGGER_TOKEN", "").strip() or base.retrain_token,
        retrain_trials=whole("RETRAIN_TRIALS", base.retrain_trials, 1, 1000),
        retrain_minimum_labels=whole(
            "RETRAIN_MINIMUM_LABELS", base.retrain_minimum_labels, 0, 1_000_000
        ),
        retrain_cooldown_seconds=_number(
            env, "RETRAIN_COOLDOWN_SECONDS", base.retrain_cooldown_seconds, 0, 2_592_000
        ),
        retrain_timeout_seconds=_number(
            env, "RETRAIN_TIMEOUT_SECONDS", base.retrain_timeout_seconds, 1, 604_800
        ),
        dashboard_url=env.get("DASHBOARD_URL", "").strip().rstrip("/"),
        runbook_url=env.get("RUNBOOK_URL", "").strip() or base.runbook_url,
        environment=env.get("ENVIRONMENT", "").strip(),
        attempts=whole("DELIVERY_ATTEMPTS", base.attempts, 1, 100),
        backoff_seconds=_number(env, "DELIVERY_BACKOFF_SECONDS", base.backoff_seconds, 0.01, 3600),
    )


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment; raises SettingsError naming what is accepted."""
    env = os.environ if env is None else env

    def whole(name: str, default: int, low: int, high: int) -> int:
        value = _number(env, name, default, low, high)
        if value != int(value):
            raise SettingsError(f"{name} is {value:g}; accepted: a whole number")
        return int(value)

    url = env.get("DATABASE_URL", "").strip()
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError("DATABASE_URL must be set to a postgresql:// address")
    return Settings(
        database_url=url,
        predictions_stream=env.get("PREDICTIONS_STREAM_NAME", "").strip(),
        labels_stream=env.get("LABELS_STREAM_NAME", "").strip(),
        artifact_bucket=env.get("ARTIFACT_BUCKET", "").strip(),
        model_name=env.get("MODEL_NAME", "").strip() or DEFAULT_MODEL_NAME,
        start=_choice(env, "INGEST_START", "TRIM_HORIZON", STARTS),
        batch_rows=whole("INGEST_BATCH_ROWS", 1000, 1, 10_000),
        poll_seconds=_number(env, "INGEST_POLL_SECONDS", 0.25, 0.01, 60),
        tick_seconds=_number(env, "WORKER_TICK_SECONDS", 1.0, 0.01, 3600),
        retention_days=whole("RETENTION_DAYS", 400, 1, 36_500),
        endpoint_url=env.get("AWS_ENDPOINT_URL", "").strip() or None,
        windows=_windows(env, whole),
        alerts=_alerts(env, whole),
    )
