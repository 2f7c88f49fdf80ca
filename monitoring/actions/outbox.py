"""The outbox: what an incident asked for, carried out later, with retries and an end.

An entry is created in the transaction that decided on it, so neither a crash nor a mail server
that refuses can lose it or send it for a decision that was rolled back. Delivery is at least once:
a crash between SES's answer and the commit repeats one mail, never skips one.
"""

import logging
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from monitoring.actions import mail, queue
from monitoring.actions.queue import Entry
from monitoring.actions.retraining import Retraining
from monitoring.errors import DeliveryError
from monitoring.settings import Settings
from monitoring.storage import database
from monitoring.storage.events import note

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE: Final = 3600.0
_POLL_SECONDS: Final = 1.0
"""How often a retraining is looked after, however short the worker's tick."""


def backoff(attempts: int, first: float) -> float:
    """Return the seconds to wait after so many failed attempts: twice as long each, an hour at most."""
    return min(_LONGEST_PAUSE, first * 2.0 ** (attempts - 1))


class Outbox:
    """Delivers due entries, one transaction each; several workers may do so side by side."""

    def __init__(self, settings: Settings, ses: Any, s3: Any, retraining: Retraining) -> None:
        self._settings = settings
        self._ses = ses
        self._s3 = s3
        self._retraining = retraining

    def step(self, connection: Connection) -> int:
        """Deliver what is due now; return how many entries were handled."""
        handled = 0
        last = 0
        while True:
            with database.transaction(connection) as cursor:
                entry = queue.claim(cursor, last)
                if entry is None:
                    return handled
                self._handle(cursor, entry)
            last = entry.outbox_id
            handled += 1

    def _handle(self, cursor: Cursor, entry: Entry) -> None:
        cursor.execute("SAVEPOINT delivery")
        try:
            if entry.kind == "mail":
                self._mail(cursor, entry)
            else:
                self._retrain(cursor, entry)
        except (DeliveryError, BotoCoreError, ClientError) as error:
            cursor.execute("ROLLBACK TO SAVEPOINT delivery")
            self._failed(cursor, entry, str(error))

    def _mail(self, cursor: Cursor, entry: Entry) -> None:
        if not self._settings.alerts.recipients:
            queue.finish(cursor, entry, "skipped", {}, "ALERT_RECIPIENTS is not set")
            return
        if waiting := mail.waits_for(cursor, entry.payload, entry.incident_id):
            queue.wait(cursor, entry, waiting, min(_POLL_SECONDS, self._settings.tick_seconds))
            return
        composed = mail.compose(cursor, entry.payload, entry.incident_id, self._settings, self._s3)
        message = mail.send(self._ses, self._settings, composed)
        queue.finish(cursor, entry, "done", {"message_id": message, "subject": composed.subject})

    def _retrain(self, cursor: Cursor, entry: Entry) -> None:
        alerts = self._settings.alerts
        if not alerts.mage_url:
            queue.finish(cursor, entry, "skipped", {}, "MAGE_URL is not set")
            return
        request = str(entry.payload["request_id"])
        pause = max(_POLL_SECONDS, self._settings.tick_seconds)
        if entry.state == "pending":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.RETRAIN_LOCK,))
            running = self._retraining.running(cursor)
            if running:
                queue.finish(
                    cursor, entry, "skipped", {"attached_to": running}, f"{running} runs already"
                )
                return
            waiting = self._retraining.waits_for(cursor, entry.incident_id)
            if waiting:
                queue.wait(cursor, entry, waiting, pause)
                return
            run = self._retraining.start(request, again=entry.attempts > 0)
            queue.begin(cursor, entry, {"run": run}, pause)
            note(cursor, f"{request}:started", "retraining", "", f"retraining {request} started")
            return
        try:
            outcome = self._retraining.outcome(
                cursor, entry.outbox_id, request, entry.result.get("run")
            )
        except DeliveryError as error:
            # Mage or S3 away for a while is no failure of a training that goes on
            if self._retraining.late(cursor, entry.outbox_id):
                raise
            queue.wait(cursor, entry, str(error), pause)
            return
        if outcome is None:
            queue.wait(cursor, entry, "training runs", pause)
            return
        cursor.execute(
            "INSERT INTO training_outcomes (request_id, incident_id, outcome, version,"
            " champion_before, reasons) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                request,
                entry.incident_id,
                outcome.outcome,
                outcome.version,
                outcome.before,
                list(outcome.reasons),
            ),
        )
        words = f"retraining {request}: {outcome.outcome}. {' '.join(outcome.reasons)}"
        note(cursor, f"{request}:outcome", outcome.outcome, outcome.version or "", words)
        payload = {
            "template": "outcome",
            "outcome": outcome.outcome,
            "version": outcome.version,
            "reasons": list(outcome.reasons),
        }
        queue.enqueue(cursor, "mail", f"{request}:outcome", entry.incident_id, payload)
        queue.finish(cursor, entry, "done", {**entry.result, "outcome": outcome.outcome})

    def _failed(self, cursor: Cursor, entry: Entry, error: str) -> None:
        alerts = self._settings.alerts
        attempts = entry.attempts + 1
        _LOG.warning("%s (attempt %d): %s", entry.dedupe_key, attempts, error)
        if attempts < alerts.attempts:
            queue.retry(cursor, entry, error, backoff(attempts, alerts.backoff_seconds))
            return
        queue.give_up(cursor, entry, error)
        key = f"{entry.dedupe_key}:dead"
        note(cursor, key, "dead", "", f"{entry.dedupe_key} given up: {error}")
        if entry.kind == "retrain":
            reasons = [f"Given up after {attempts} attempts.", error]
            payload = {"template": "dead", "reasons": reasons}
            queue.enqueue(cursor, "mail", key, entry.incident_id, payload)
