"""Grafana's macros, expanded by its rules; anything else is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitoring.dashboards.panels import BOARDS
from monitoring.dashboards.panels.macro import Range, expand
from monitoring.errors import MonitoringError

PERIOD = Range(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC), 300)
START, END = "'2026-03-01T00:00:00.000Z'", "'2026-03-02T00:00:00.000Z'"


@pytest.mark.parametrize(
    ("sql", "expanded"),
    [
        ("$__timeFilter(w.last_event)", f"w.last_event BETWEEN {START} AND {END}"),
        (
            "$__timeGroupAlias(minute, $__interval)",
            'floor(extract(epoch from minute)/300)*300 AS "time"',
        ),
        ("$__timeFrom()::timestamptz", f"{START}::timestamptz"),
        ("$__timeTo()", END),
        ("v IN (${version:sqlstring})", "v IN ('1','it''s')"),
        ("v IN (${none:sqlstring})", "v IN ('')"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_each_form_the_panels_use(sql: str, expanded: str) -> None:
    """GIVEN a macro or variable WHEN expanded THEN what Grafana would make of it, quoted."""
    assert expand(sql, PERIOD, {"version": ["1", "it's"], "none": []}) == expanded


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("$__unixEpochFilter(x)", "a macro that is not known"),
        ("$version", "a macro that is not known"),
        ("${version:csv}", "a macro that is not known"),
        ("${school:sqlstring}", "unknown variable school"),
    ],
)
def test_what_grafana_might_read_differently_is_refused(sql: str, words: str) -> None:
    """GIVEN another macro, form or variable WHEN expanded THEN MonitoringError."""
    with pytest.raises(MonitoringError, match=words):
        expand(sql, PERIOD, {"version": ["1"]})


@pytest.mark.parametrize("board", BOARDS, ids=[board.uid for board in BOARDS])
def test_every_panels_sql_can_be_expanded(board: object) -> None:
    """GIVEN a board WHEN each panel's SQL is expanded THEN nothing of Grafana's is left in it."""
    for row in board.rows:  # type: ignore[attr-defined]
        for panel in row.panels:
            assert "$" not in expand(panel.sql, PERIOD, {"version": ["1"], "feature": ["Absences"]})
