"""A board as Grafana's JSON."""

from __future__ import annotations

import json

from monitoring.dashboards.grafana.dashboards import encode
from monitoring.dashboards.panels.panel import Board, Row, Variable, bars, lines, stat


def test_panels_flow_and_wrap() -> None:
    """GIVEN panels wider than a row WHEN encoded THEN left to right, wrapped under the tallest."""
    row = Row(
        "Row",
        (
            stat("a", "A.", "SELECT 1"),
            lines("b", "B.", "SELECT 2", width=12),
            bars("c", "C.", "SELECT 3", width=12),
            stat("d", "D.", "SELECT 4"),
        ),
    )
    board = Board("uid", "Title", "About.", (), (row, Row("Next", (stat("e", "E.", "SELECT 5"),))))
    made = json.loads(encode(board))["panels"]
    places = {panel["title"]: (panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in made}
    assert places == {
        **{"Row": (0, 0), "a": (0, 1), "b": (4, 1), "c": (0, 9), "d": (12, 9)},
        **{"Next": (0, 17), "e": (0, 18)},
    }
    targets = [panel["targets"][0]["rawSql"] for panel in made if panel.get("targets")]
    assert targets == [f"SELECT {k}" for k in range(1, 6)]


def test_a_variable_of_many_values_starts_with_all() -> None:
    """GIVEN a choice of one and a choice of many WHEN encoded THEN the second starts with all."""
    variables = (
        Variable("one", "One", "SELECT 1", False),
        Variable("all", "All", "SELECT 2", True),
    )
    made = json.loads(encode(Board("uid", "Title", "About.", variables, ())))
    first, second = made["templating"]["list"]
    assert not first["includeAll"] and second["includeAll"]
    assert second["current"]["value"] == "$__all"
