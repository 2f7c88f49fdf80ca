"""Incidents: opened by an alarm, closed by evidence; each causes one mail at either end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from psycopg2.extensions import cursor as Cursor

from monitoring.actions.queue import enqueue
from monitoring.settings import Settings
from monitoring.storage import database
from monitoring.storage.events import note
from monitoring.windows import cutting, verdict
from monitoring.windows.cutting import Window
from monitoring.windows.verdict import Verdict

_KINDS: Final = {cutting.SCORED: "drift", cutting.LABELLED: "performance"}


class Incident(NamedTuple):
    """An open incident."""

    incident_id: int
    kind: str
    version: str
    opened_at: datetime
    reasons: list[str]


def open_incident(cursor: Cursor, kind: str) -> Incident | None:
    """Return the open incident of a kind (there is at most one), or None."""
    cursor.execute(
        "SELECT incident_id, kind, version, opened_at, reasons FROM incidents"
        " WHERE kind = %s AND closed_at IS NULL",
        (kind,),
    )
    row = cursor.fetchone()
    return None if row is None else Incident(*row)


def react(cursor: Cursor, window: Window, judged: Verdict, settings: Settings) -> None:
    """Open, keep or close the incident a verdict speaks of, in the evaluation's transaction."""
    kind = _KINDS[window.kind]
    current = open_incident(cursor, kind)
    if judged.level == verdict.ALARM:
        if current is None:
            _open(cursor, kind, window, judged)
        else:
            _request_retraining(cursor, current, settings)
    elif current is not None and judged.level != verdict.INSUFFICIENT:
        closing = _closing(cursor, current, window, settings.windows.clear_windows)
        if closing:
            _close(cursor, current, window, closing)
    if window.kind == cutting.SCORED and judged.level in (verdict.OK, verdict.WARN):
        _retire(cursor, window)


def _open(cursor: Cursor, kind: str, window: Window, judged: Verdict) -> None:
    # the key (kind, opened_by) makes evaluating the window again open nothing a second time
    number = database.scalar(
        cursor,
        "INSERT INTO incidents (kind, version, opened_by, reasons) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING incident_id",
        (kind, window.version, window.window_id, list(judged.reasons)),
    )
    if number is None:
        return
    text = f"{kind} alarm: {judged.reasons[0]}"
    note(cursor, f"incident:{number}:opened", "alarm", window.version, text)
    enqueue(cursor, "mail", f"incident:{number}:opened", number, {"template": "opened"})
    _enqueue_retraining(cursor, number, 1)


def _enqueue_retraining(cursor: Cursor, number: int, attempt: int) -> None:
    payload = {"request_id": f"incident-{number}-{attempt}"}
    enqueue(cursor, "retrain", f"incident:{number}:retrain:{attempt}", number, payload)


def _request_retraining(cursor: Cursor, current: Incident, settings: Settings) -> None:
    """Ask again if the last request has ended, the cooldown is over and the alarm goes on."""
    attempts = database.scalar(
        cursor,
        "SELECT count(*) FROM outbox WHERE incident_id = %s AND kind = 'retrain'",
        (current.incident_id,),
    )
    waiting = database.scalar(
        cursor,
        "SELECT count(*) FROM outbox WHERE incident_id = %s AND kind = 'retrain' AND (state IN"
        " ('pending', 'running') OR finished_at > clock_timestamp() - make_interval(secs => %s))",
        (current.incident_id, settings.alerts.retrain_cooldown_seconds),
    )
    if not waiting:
        _enqueue_retraining(cursor, current.incident_id, attempts + 1)


def _closing(cursor: Cursor, current: Incident, window: Window, clear: int) -> str | None:
    """Return why the incident is over, or None while it is not."""
    if window.version != current.version:
        newer = _is_newer(cursor, window.version, current.version)
        return f"version {window.version} answers and its data are as expected" if newer else None
    cursor.execute(
        "SELECT verdict FROM windows WHERE kind = %s AND version = %s AND last_row <= %s"
        " AND verdict <> 'insufficient' ORDER BY last_row DESC LIMIT %s",
        (window.kind, window.version, window.last_row, clear),
    )
    return quiet([row[0] for row in cursor.fetchall()], clear)


def quiet(verdicts: Sequence[str], clear: int) -> str | None:
    """Return in words that the last ``clear`` windows were without an alarm, or None."""
    if len(verdicts) == clear and verdict.ALARM not in verdicts:
        return f"{clear} windows running without an alarm"
    return None


def _retire(cursor: Cursor, window: Window) -> None:
    """End the performance incident of a version that a newer one has replaced."""
    current = open_incident(cursor, _KINDS[cutting.LABELLED])
    if current is not None and _is_newer(cursor, window.version, current.version):
        closing = f"version {window.version} answers; it is judged when its own labels come"
        _close(cursor, current, window, closing)


def _is_newer(cursor: Cursor, version: str, than: str) -> bool:
    return bool(
        database.scalar(
            cursor,
            "SELECT n.first_seen > o.first_seen FROM model_versions n, model_versions o"
            " WHERE n.version = %s AND o.version = %s",
            (version, than),
        )
    )


def _close(cursor: Cursor, current: Incident, window: Window, closing: str) -> None:
    number = current.incident_id
    cursor.execute(
        "UPDATE incidents SET closed_by = %s, closed_at = clock_timestamp(), closing = %s"
        " WHERE incident_id = %s",
        (window.window_id, closing, number),
    )
    note(
        cursor, f"incident:{number}:closed", "resolved", window.version, f"incident over: {closing}"
    )
    enqueue(cursor, "mail", f"incident:{number}:closed", number, {"template": "closed"})
    cursor.execute(
        "UPDATE outbox SET state = 'skipped', finished_at = clock_timestamp(), last_error = %s"
        " WHERE incident_id = %s AND kind = 'retrain' AND state = 'pending'",
        ("the incident ended before retraining began", number),
    )
