"""Charts as SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from monitoring.dashboards.panels.panel import GREY, RED, VERDICT_COLOURS, Panel, bars, lines
from monitoring.dashboards.report import chart
from monitoring.dashboards.report.chart import HEIGHT, Frame

FRAME = Frame(0.0, 1000.0, [(500.0, "alarm", "<b>drift</b>")])
LINES: Panel = lines("Title", "About.", "SELECT 1")
BARS: Panel = bars("Title", "About.", "SELECT 1")


def _svg(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn[: drawn.index("</svg>") + 6])


def test_a_line_lies_inside_of_its_axes() -> None:
    """GIVEN values WHEN drawn THEN each dot is inside of the picture, the highest on top."""
    svg = _svg(chart.lines(LINES, {"a": [(0.0, 1.0), (500.0, 4.0), (1000.0, 2.0)]}, FRAME))
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in svg.iter("circle")]
    assert [x for x, _ in dots] == sorted(x for x, _ in dots)
    assert all(0 <= x <= FRAME.width and 0 <= y <= HEIGHT for x, y in dots)
    assert min(y for _, y in dots) == dots[1][1]


def test_limit_and_reference_are_dashed_in_their_own_colours() -> None:
    """GIVEN a limit and a reference beside a series WHEN drawn THEN dashed, red and grey, no dots."""
    points = [(0.0, 1.0), (1000.0, 1.0)]
    svg = _svg(chart.lines(LINES, {"a": points, "limit": points, "reference mean": points}, FRAME))
    drawn = [(line.get("stroke"), line.get("stroke-dasharray")) for line in svg.iter("polyline")]
    assert drawn[0][1] is None
    assert drawn[1:] == [(RED, "6 5"), (GREY, "6 5")]
    assert len(list(svg.iter("circle"))) == 2


def test_bars_stand_on_each_other() -> None:
    """GIVEN two series at one moment WHEN stacked THEN the second begins where the first ends."""
    svg = _svg(chart.bars(BARS, {"a": [(500.0, 1.0)], "b": [(500.0, 3.0)]}, FRAME, 100))
    first, second = [(float(r.attrib["y"]), float(r.attrib["height"])) for r in svg.iter("rect")]
    assert second[0] + second[1] == pytest.approx(first[0], abs=0.2)
    assert second[1] == pytest.approx(3 * first[1], abs=0.4)


def test_a_state_lasts_until_the_next() -> None:
    """GIVEN three verdicts WHEN drawn THEN in their colours, side by side, the last one bounded."""
    changes = [(0.0, "ok"), (400.0, "alarm"), (800.0, "unheard of")]
    svg = _svg(chart.states({"version 1": changes}, FRAME))
    tracks = [(r.attrib["fill"], float(r.attrib["width"])) for r in svg.iter("rect")]
    assert [colour for colour, _ in tracks] == [
        VERDICT_COLOURS["ok"],
        VERDICT_COLOURS["alarm"],
        GREY,
    ]
    assert tracks[0][1] == pytest.approx(tracks[1][1], abs=0.2)
    assert tracks[2][1] == pytest.approx(tracks[0][1] / 2, abs=1)


def test_words_of_the_database_are_never_markup() -> None:
    """GIVEN names with markup in them WHEN drawn THEN they are shown, not obeyed."""
    bad = "<script>"
    for drawn in (
        chart.lines(LINES, {bad: [(0.0, 1.0)]}, FRAME),
        chart.bars(BARS, {bad: [(0.0, 1.0)]}, FRAME, 100),
        chart.states({bad: [(0.0, bad)]}, FRAME),
    ):
        assert bad not in drawn and "<b>" not in drawn
        assert "&lt;script&gt;" in drawn and "&lt;b&gt;drift" in drawn


def test_grades_keep_their_colours_whatever_their_place() -> None:
    """GIVEN grades and other names WHEN coloured THEN grades by name, others by place."""
    assert chart.colour("A", 0) == chart.colour("A", 7)
    assert chart.colour("x", 0) != chart.colour("x", 1)
    assert re.fullmatch(r"#[0-9a-f]{6}", chart.colour("x", 10**6))
