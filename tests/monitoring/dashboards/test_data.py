"""The panels' answers and the range they cover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from monitoring.dashboards.panels.panel import table
from monitoring.dashboards.report.data import Source, whole_range
from tests.monitoring.support.cursor import FakeConnection, FakeCursor

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "before", "bucket"),
    [
        (None, timedelta(hours=6), 300),
        (1.0, timedelta(hours=1), 60),
        (24.0, timedelta(days=1), 900),
    ],
)
def test_buckets_are_round_and_about_a_hundred(
    hours: float | None, before: timedelta, bucket: int
) -> None:
    """GIVEN six hours of history WHEN all or so many hours are asked THEN that range, round buckets."""
    connection: Any = FakeConnection(FakeCursor([(NOW, NOW - timedelta(hours=6), NOW)]))
    period = whole_range(connection, hours)
    assert period.start < NOW - before < NOW < period.end
    assert period.interval == bucket


def test_panels_are_asked_as_the_dashboards_role_and_never_write() -> None:
    """GIVEN a panel WHEN asked THEN read only, as grafana_ro; a failing query becomes words."""
    cursor = FakeCursor([], [], [], [("1",)])
    connection: Any = FakeConnection(cursor)
    source = Source(connection, whole_range(_connection(), 1.0))
    assert source.versions == ["1"]

    def refuse(sql: str, parameters: Any = None) -> None:
        del parameters
        if sql == "SELECT x":
            raise psycopg2.Error("no such column\n")

    asked = [sql for sql, _ in cursor.asked]
    assert asked[:2] == ["SET TRANSACTION READ ONLY", "SET LOCAL ROLE grafana_ro"]
    cursor.execute = refuse  # type: ignore[method-assign]
    assert source.ask(table("T", "A.", "SELECT x")).problem == "no such column"


def _connection() -> Any:
    return FakeConnection(FakeCursor([(NOW, NOW - timedelta(hours=6), NOW)]))
