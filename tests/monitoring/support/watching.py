"""Windows over seeded cohorts, and how to look at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from psycopg2.extensions import connection as Connection

from monitoring.ingest.labels import Label
from monitoring.watch import Watch
from monitoring.windows.reports import Reports
from tests.monitoring.support import cohort, store

Watching = Callable[..., Watch]
Reporting = Callable[..., Reports]


def stream_students(connection: Connection, count: int, seed: int = 2, **arguments: Any) -> None:
    """Store the predictions of a seeded cohort."""
    kept = {key: arguments.pop(key) for key in ("shifted", "tutoring") if key in arguments}
    records = cohort.predictions(cohort.students(count, seed, **kept), **arguments)
    store.ingest(connection, cohort.encoded(records))


def audit(connection: Connection, reporting: Reports) -> None:
    """Let Evidently look at every window that waits."""
    while reporting.step(connection):
        pass


def windows_of(connection: Connection) -> list[dict[str, Any]]:
    """Return every window, oldest first."""
    return store.fetch(connection, "SELECT * FROM windows ORDER BY window_id")


def metrics_of(connection: Connection, window_id: int) -> dict[tuple[str, str, str], float]:
    """Return a window's figures by metric, column and label."""
    rows = store.fetch(
        connection, "SELECT * FROM window_metrics WHERE window_id = %s", (window_id,)
    )
    return {(row["metric"], row["column_name"], row["label"]): row["value"] for row in rows}


def label_all(connection: Connection, *, wrong: bool = False) -> None:
    """Label what has no label yet: with the predicted grade, or always with another one."""
    rows = store.fetch(
        connection,
        "SELECT p.* FROM predictions p LEFT JOIN ground_truth g USING (prediction_id)"
        " WHERE g.prediction_id IS NULL ORDER BY p.row_number",
    )
    truth = [(row["grade_class"] + 2) % 5 if wrong else row["grade_class"] for row in rows]
    store.label(
        connection,
        [Label(t, None, UUID(row["prediction_id"])) for t, row in zip(truth, rows, strict=True)],
    )
