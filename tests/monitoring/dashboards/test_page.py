"""How an answer becomes a piece of the page."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from monitoring.dashboards.panels import panel as panels
from monitoring.dashboards.panels.panel import Panel, bars, lines, stat, table
from monitoring.dashboards.report import page
from monitoring.dashboards.report.chart import Frame
from monitoring.dashboards.report.data import Answer

# pylint: disable=protected-access
MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FRAME = Frame(MOMENT.timestamp() - 1000, MOMENT.timestamp() + 1000)
STEPS = ((None, panels.GREEN), (2, panels.ORANGE), (60, panels.RED))


def _draw(panel: Panel, *rows: tuple[Any, ...], problem: str = "") -> str:
    return page._drawn(panel, Answer(["time", "name", "value"], list(rows), problem), FRAME, 60)


@pytest.mark.parametrize(
    ("value", "colour"), [(1.0, panels.GREEN), (2.0, panels.ORANGE), (61.0, panels.RED)]
)
def test_a_figure_takes_the_colour_of_its_step(value: float, colour: str) -> None:
    """GIVEN steps WHEN a figure is drawn THEN in the colour of the last one it has reached."""
    assert f"color:{colour}" in _draw(stat("T", "A.", "", unit="s", steps=STEPS), (value,))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, "<td></td>"),
        (MOMENT, '<td class="time">01 Mar 12:00:00</td>'),
        (True, "<td>yes</td>"),
        (12345, '<td class="number">12,345</td>'),
        (Decimal(7), '<td class="number">7</td>'),
        ("<b>", "<td>&lt;b&gt;</td>"),
        ("alarm", f'<td><b class="badge" style="background:{panels.RED}">alarm</b></td>'),
    ],
)
def test_a_cell_suits_what_it_holds(value: Any, cell: str) -> None:
    """GIVEN a value of the database WHEN it stands in a table THEN in its own form, escaped."""
    assert cell in _draw(table("T", "A.", ""), (value,))


def test_no_answer_and_a_failed_one_are_told_apart() -> None:
    """GIVEN no rows, an empty figure, a query that failed WHEN drawn THEN words, not a picture."""
    assert "nothing yet" in _draw(lines("T", "A.", ""))
    assert "nothing yet" in _draw(stat("T", "A.", ""), (None,))
    assert "the query failed: &lt;no&gt;" in _draw(table("T", "A.", ""), problem="<no>")


def test_each_kind_is_drawn_as_its_own() -> None:
    """GIVEN rows of time, name and value WHEN drawn by kind THEN lines, bars or states."""
    row = (MOMENT, "a", 1.0)
    assert "<polyline" in _draw(lines("T", "A.", ""), row, (MOMENT, "limit", None))
    assert "<polyline" not in _draw(bars("T", "A.", ""), row)
    assert "ok (01 Mar" in _draw(Panel("T", "A.", "", panels.STATES), (MOMENT, "a", "ok"))
