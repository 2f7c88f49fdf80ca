"""What monitoring knows, as plain values: for ``make run``, for scripts, for people."""

from typing import Any

from psycopg2.extensions import connection as Connection

from monitoring.storage import database, failure_queue, heartbeats


def read(connection: Connection, since: Any = None) -> dict[str, Any]:
    """Return windows, incidents, deliveries, outcomes, counts, newest last, and what was given up.

    The worker's loops too.

    ``since`` (an aware datetime) limits incidents and windows to those opened or closed later.
    Each incident carries ``first_event`` of the window that opened it (the arrival of its first
    record), so ``opened_at - first_event`` is the time from there to the alarm.
    """
    parameters = {"since": since}
    with database.transaction(connection) as cursor:
        return {
            "open_incidents": database.scalar(
                cursor, "SELECT count(*) FROM incidents WHERE closed_at IS NULL"
            ),
            "windows": database.rows(
                cursor,
                "SELECT window_id, kind, version, row_count, rejected_count, closed_by,"
                " first_event, last_event, closed_at, evaluated_at, verdict, reasons, drifted, audit,"
                " report_key"
                " FROM windows WHERE %(since)s::timestamptz IS NULL OR closed_at >= %(since)s"
                " ORDER BY window_id DESC LIMIT 500",
                parameters,
            )[::-1],
            "incidents": database.rows(
                cursor,
                "SELECT i.incident_id, i.kind, i.version, i.opened_at, i.reasons, i.closed_at,"
                " i.closing, w.first_event, c.version AS closing_version FROM incidents i"
                " JOIN windows w ON w.window_id = i.opened_by"
                " LEFT JOIN windows c ON c.window_id = i.closed_by"
                " WHERE %(since)s::timestamptz IS NULL OR i.opened_at >= %(since)s"
                " ORDER BY i.incident_id",
                parameters,
            ),
            "deliveries": database.rows(
                cursor,
                "SELECT dedupe_key, kind, incident_id, state, attempts, created_at, started_at,"
                " finished_at, last_error, result FROM outbox ORDER BY outbox_id",
            ),
            "outcomes": database.rows(
                cursor, "SELECT * FROM training_outcomes ORDER BY seen_at, request_id"
            ),
            "counts": database.rows(
                cursor,
                "SELECT (SELECT coalesce(sum(inserted), 0) FROM ingest_batches) AS ingested,"
                " (SELECT coalesce(sum(rejected), 0) FROM ingest_batches) AS rejected,"
                " (SELECT count(*) FROM dead_letters) AS dead_letters,"
                " (SELECT count(*) FROM ground_truth) AS labels,"
                " (SELECT count(*) FROM pending_labels) AS pending_labels,"
                " (SELECT count(*) FROM label_conflicts) AS label_conflicts",
            )[0],
            "failure_queue": failure_queue.read(cursor),
            "loops": heartbeats.read(cursor),
        }


def silent_loops(connection: Connection) -> list[str]:
    """Return the worker's watched loops that have not been heard of lately."""
    with database.transaction(connection) as cursor:
        return heartbeats.silent(heartbeats.read(cursor))
