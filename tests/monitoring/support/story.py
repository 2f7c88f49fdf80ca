"""Incidents as a story of windows with given verdicts, and what is done about them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from psycopg2.extensions import connection as Connection

from monitoring.actions import incident
from monitoring.actions.outbox import Outbox
from monitoring.ingest.labels import Label
from monitoring.settings import Settings
from monitoring.storage import database
from monitoring.windows.cutting import Window
from monitoring.windows.verdict import ALARM, Verdict
from tests.monitoring.support import cohort, store
from tests.monitoring.support.cloud import Cloud

DRIFT = Verdict(ALARM, ("2 of 10 columns have drifted in one window", "Absences has drifted"))


class Story:
    """Windows with given verdicts, one after the other."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._row = 0

    def window(self, judged: Verdict, version: str = "1", kind: str = "scored") -> int:
        """Close a window with this verdict and react to it."""
        with database.transaction(self._connection) as cursor:
            cursor.execute(
                "INSERT INTO model_versions (version, first_event) VALUES (%s, now())"
                " ON CONFLICT DO NOTHING",
                (version,),
            )
            number = database.scalar(
                cursor,
                "INSERT INTO windows (kind, version, after_row, last_row, row_count, closed_by,"
                " first_event, verdict, reasons) VALUES (%s, %s, %s, %s, 200, 'count',"
                " clock_timestamp() - interval '1 minute', %s, %s) RETURNING window_id",
                (kind, version, self._row, self._row + 200, judged.level, list(judged.reasons)),
            )
            closed = Window(number, kind, version, self._row, self._row + 200, 200, 0, "count")
            incident.react(cursor, closed, judged, self._settings)
        self._row += 200
        return int(number)


def entries_of(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return the outbox by dedupe key."""
    rows = store.fetch(connection, "SELECT * FROM outbox ORDER BY outbox_id")
    return {row["dedupe_key"]: row for row in rows}


def deliver(outbox: Outbox, connection: Connection, times: int = 6) -> None:
    """Let the outbox work on what is open, as if its pauses were over."""
    for _ in range(times):
        with database.transaction(connection) as cursor:
            cursor.execute(
                "UPDATE outbox SET next_attempt_at = now() WHERE state IN ('pending', 'running')"
            )
        outbox.step(connection)


def add_labels(connection: Connection, count: int) -> None:
    """Store ``count`` predictions and a label for each."""
    records = cohort.predictions(cohort.students(count, 3), space="labels")
    store.ingest(connection, cohort.encoded(records))
    rows = store.fetch(connection, "SELECT prediction_id FROM predictions")
    store.label(connection, [Label(2, None, UUID(row["prediction_id"])) for row in rows])


def put_outcome(cloud: Cloud, request: str, **content: Any) -> None:
    """Put the outcome of a training where it is looked for."""
    body = json.dumps({"request_id": request, **content}).encode()
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=f"outcomes/{request}.json", Body=body)
