"""A retraining request from waiting for labels to the gate's decision."""

import json
import time
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from psycopg2.extensions import cursor as Cursor

from monitoring.actions.mage_api import COMPLETED, FAILED, Mage
from monitoring.clients import error_code
from monitoring.errors import DeliveryError
from monitoring.settings import Settings
from monitoring.storage import database

_STATUS_SECONDS: Final = 2.0
DECISIONS: Final = ("promoted", "refused", "unchanged")
"""What training's gate may say; an outcome without the word is promoted or refused."""


class TrainingOutcome(NamedTuple):
    """promoted, refused, unchanged or failed; the versions, and the gate's words."""

    outcome: str
    version: str | None
    before: str | None
    reasons: tuple[str, ...]


def hindrance(labels: int, needed: int, cooldown: float | None) -> str | None:
    """Return in words what a request waits for: labels, then the seconds left of the cooldown."""
    if labels < needed:
        return f"waiting for labels: {labels} of {needed}"
    if cooldown is not None and cooldown > 0:
        return f"cooldown: {cooldown:.0f} s left since the last retraining began"
    return None


def failure(run: int | None, status: str, late: bool) -> TrainingOutcome | None:
    """Return how a run without a decision has failed, or None while it may still decide."""
    if status in FAILED:
        words = f"is {status}."
    elif late:
        how = "completed without a decision" if status == COMPLETED else "has not ended"
        words = f"{how} in time."
    else:
        return None
    return TrainingOutcome("failed", None, None, (f"Mage run {run} {words}",))


def read_outcome(key: str, body: bytes) -> TrainingOutcome:
    """Return the gate's decision as training wrote it; raises DeliveryError if it is none."""
    try:
        document = json.loads(body)
        reasons = tuple(str(reason) for reason in document.get("reasons") or ())
        promoted = bool(document["promoted"])
        decision = document.get("decision") or ("promoted" if promoted else "refused")
        if decision not in DECISIONS:
            raise ValueError(f"no such decision: {decision!r}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeliveryError(f"{key} is not an outcome: {error!r}") from error
    version, before = document.get("version"), document.get("champion_before")
    return TrainingOutcome(
        decision,
        None if version is None else str(version),
        None if before is None else str(before),
        reasons,
    )


class Retraining:
    """Starts training in Mage and reads what its gate decided from the artifact bucket."""

    def __init__(self, settings: Settings, mage: Mage, s3: Any) -> None:
        self._settings = settings
        self._mage = mage
        self._s3 = s3
        self._asked = float("-inf")

    def running(self, cursor: Cursor) -> str | None:
        """Return the request that is being trained now, or None; the caller holds RETRAIN_LOCK."""
        request = database.scalar(
            cursor,
            "SELECT payload->>'request_id' FROM outbox WHERE kind = 'retrain' AND state = 'running'"
            " ORDER BY outbox_id LIMIT 1",
        )
        return None if request is None else str(request)

    def waits_for(self, cursor: Cursor, incident_id: int) -> str | None:
        """Return what a request still waits for, or None when training may start.

        Training on the old rows again cannot cure drift: the request waits until enough true
        grades of rows from the alarming window on are known. A cooldown over all incidents keeps
        a noisy week from training all night.
        """
        alerts = self._settings.alerts
        labels = database.scalar(
            cursor,
            "SELECT count(*) FROM (SELECT 1 FROM ground_truth WHERE event_time >= (SELECT"
            " w.first_event FROM incidents i JOIN windows w ON w.window_id = i.opened_by"
            " WHERE i.incident_id = %s) LIMIT %s) AS known",
            (incident_id, alerts.retrain_minimum_labels),
        )
        rest = database.scalar(
            cursor,
            "SELECT ceil(extract(epoch FROM max(started_at) - clock_timestamp()) + %s) FROM outbox"
            " WHERE kind = 'retrain'",
            (alerts.retrain_cooldown_seconds,),
        )
        return hindrance(labels, alerts.retrain_minimum_labels, rest)

    def start(self, request_id: str, *, again: bool) -> int:
        """Start training and return Mage's run number, or that of the run started already.

        A worker killed between Mage's answer and its commit leaves no trace but the run itself, so
        it is looked for every time; only after a failed attempt must the look succeed.
        """
        alerts = self._settings.alerts
        trigger = self._mage.trigger(alerts.retrain_pipeline, alerts.retrain_trigger)
        try:
            run = self._mage.find_run(trigger, request_id)
        except DeliveryError:
            if again:
                raise
            run = None
        if run is not None:
            return run
        variables = {
            "request_id": request_id,
            "seed": 42,
            "trials": alerts.retrain_trials,
            "labelled": True,
            "drift": True,
        }
        return self._mage.start(trigger, variables)

    def outcome(
        self, cursor: Cursor, outbox_id: int, request_id: str, run: int | None
    ) -> TrainingOutcome | None:
        """Return the decision, or None while training runs.

        The gate's own words count; a run Mage calls failed, or one that has taken longer than
        RETRAIN_TIMEOUT_SECONDS, is a failure even if it left none.
        """
        written = self._written(request_id)
        if written is not None:
            return written
        return failure(run, self._status(run), self.late(cursor, outbox_id))

    def late(self, cursor: Cursor, outbox_id: int) -> bool:
        """Return whether a training has taken longer than RETRAIN_TIMEOUT_SECONDS."""
        return bool(
            database.scalar(
                cursor,
                "SELECT started_at < clock_timestamp() - make_interval(secs => %s) FROM outbox"
                " WHERE outbox_id = %s",
                (self._settings.alerts.retrain_timeout_seconds, outbox_id),
            )
        )

    def _status(self, run: int | None) -> str:
        """Ask Mage at most every two seconds: a question costs it a tenth of one."""
        if run is None or time.monotonic() - self._asked < _STATUS_SECONDS:
            return ""
        self._asked = time.monotonic()
        return self._mage.status(run)

    def _written(self, request_id: str) -> TrainingOutcome | None:
        key = f"outcomes/{request_id}.json"
        try:
            answer = self._s3.get_object(Bucket=self._settings.artifact_bucket, Key=key)
            return read_outcome(key, answer["Body"].read())
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "404"):
                return None
            raise DeliveryError(f"the outcome cannot be read: {error}") from error
        except BotoCoreError as error:
            raise DeliveryError(f"the artifact bucket cannot be asked: {error}") from error
