"""When an incident is over, and what a verdict causes."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring import settings
from monitoring.actions import incident
from monitoring.windows.cutting import Window
from monitoring.windows.verdict import Verdict
from tests.monitoring.support.cursor import FakeCursor

WINDOW = Window(9, "scored", "1", 0, 200, 200, 0, "count")


@pytest.mark.parametrize(
    ("verdicts", "over"),
    [
        (["ok", "warn"], True),
        (["ok", "alarm"], False),
        (["ok"], False),
        ([], False),
    ],
)
def test_two_windows_without_an_alarm_end_an_incident(verdicts: list[str], over: bool) -> None:
    """GIVEN the last verdicts WHEN two are asked for THEN over only with two and no alarm."""
    words = "2 windows running without an alarm" if over else None
    assert incident.quiet(verdicts, 2) == words


def _tables(cursor: FakeCursor) -> list[str]:
    return [sql.split()[2] for sql, _ in cursor.asked if sql.startswith("INSERT")]


def test_an_alarm_opens_an_incident_tells_and_asks_for_retraining() -> None:
    """GIVEN no open incident WHEN a window alarms THEN incident, event, mail and request."""
    cursor: Any = FakeCursor([], [(5,)])
    configured = settings.load({"DATABASE_URL": "postgresql://x/y"})
    incident.react(cursor, WINDOW, Verdict("alarm", ("Absences has drifted",)), configured)
    assert _tables(cursor) == ["incidents", "events", "outbox", "outbox"]
    keys = [parameters[0] for sql, parameters in cursor.asked if "INTO outbox" in sql]
    assert keys == ["incident:5:opened", "incident:5:retrain:1"]


def test_an_insufficient_window_causes_nothing() -> None:
    """GIVEN an open incident WHEN a window says insufficient THEN it neither ends nor grows."""
    cursor: Any = FakeCursor([(5, "drift", "1", None, [])])
    configured = settings.load({"DATABASE_URL": "postgresql://x/y"})
    incident.react(cursor, WINDOW, Verdict("insufficient", ("few rows",)), configured)
    assert len(cursor.asked) == 1
