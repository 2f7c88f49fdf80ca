"""The panels' answers: their own SQL, expanded and run as it would be in Grafana."""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import psycopg2
from psycopg2.extensions import connection as Connection

from monitoring.dashboards.panels.macro import Range, expand
from monitoring.dashboards.panels.panel import ANNOTATIONS, Panel
from monitoring.storage import database

_BUCKETS: Final = 120
_NICE: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400)


class Answer(NamedTuple):
    """Column names and rows; ``problem`` holds the database's words if the query failed."""

    names: list[str]
    rows: list[tuple[Any, ...]]
    problem: str = ""


class Source:
    """Answers panels for one time range, reading as the dashboards' role."""

    def __init__(self, connection: Connection, period: Range) -> None:
        self._connection = connection
        self.period = period
        self.versions = [
            str(row[0])
            for row in self._run(
                "SELECT version FROM monitoring.model_versions ORDER BY first_seen", {}
            ).rows
        ]

    def _run(self, sql: str, variables: dict[str, list[str]]) -> Answer:
        try:
            with database.transaction(self._connection) as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
                cursor.execute(f"SET LOCAL ROLE {database.DASHBOARD_ROLE}")
                cursor.execute("SET LOCAL statement_timeout = '30s'")
                cursor.execute(expand(sql, self.period, variables))
                return Answer([c.name for c in cursor.description or ()], cursor.fetchall())
        except psycopg2.Error as error:
            return Answer([], [], str(error).strip())

    def ask(self, panel: Panel, feature: str = "") -> Answer:
        """Return a panel's answer for all versions and, where it asks for one, a feature."""
        return self._run(panel.sql, {"version": self.versions, "feature": [feature]})

    def marks(self) -> list[tuple[float, str, str]]:
        """Return what happened: (epoch seconds, kind, words)."""
        return [
            (moment.timestamp(), kind, text)
            for moment, text, kind in self._run(ANNOTATIONS, {}).rows
        ]


def whole_range(connection: Connection, hours: float | None) -> Range:
    """Return the last ``hours``, or from the first window or event to now if None.

    Buckets are a round number of seconds wide, about 120 to the range.
    """
    with database.transaction(connection) as cursor:
        cursor.execute(
            "SELECT clock_timestamp(), coalesce(least(min(first_event), (SELECT min(first_event)"
            " FROM model_versions)), clock_timestamp() - interval '1 hour'),"
            " greatest(max(last_event), clock_timestamp()) FROM windows"
        )
        now, first, last = cursor.fetchall()[0]
    start: datetime = first if hours is None else now - timedelta(hours=hours)
    margin = max((last - start) * 0.02, timedelta(seconds=5))
    start, end = start - margin, last + margin
    wide = (end - start).total_seconds() / _BUCKETS
    return Range(start, end, next((n for n in _NICE if n >= wide), _NICE[-1]))
