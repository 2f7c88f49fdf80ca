"""Charts as SVG text: lines, stacked bars and states over time. No script, no outside resource."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple

from monitoring.dashboards.panels.panel import (
    GREY,
    LIMIT,
    RED,
    REFERENCE,
    VERDICT_COLOURS,
    Panel,
)
from monitoring.dashboards.report import scale

COLUMN: Final = 80
"""Units of a chart's width for each of the page's 24 columns: text is the same size everywhere."""
HEIGHT: Final = 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 10, 24
PALETTE: Final = (
    "#4c8dff", "#3fb950", "#e5834f", "#a371f7", "#d4a72c",
    "#2bb5b8", "#e667af", "#8f9aa7", "#b0783f", "#7fbf3f",
)  # fmt: skip
_GRADES: Final = {"A": "#2c7fb8", "B": "#41b6c4", "C": "#a1c96a", "D": "#f2a541", "F": "#d7553f"}

Series = dict[str, list[tuple[float, float]]]


class Frame(NamedTuple):
    """The time a chart covers, in epoch seconds, and what happened in it: (when, kind, words)."""

    start: float
    end: float
    marks: Sequence[tuple[float, str, str]] = ()
    width: int = 8 * COLUMN

    def x(self, moment: float) -> float:
        """Return the horizontal place of a moment."""
        share = (moment - self.start) / max(self.end - self.start, 1e-9)
        return _LEFT + share * (self.width - _LEFT - _RIGHT)


def colour(name: str, position: int) -> str:
    """Return a series' colour: grades and limits have their own."""
    if name == LIMIT:
        return RED
    if name.startswith(REFERENCE):
        return GREY
    return _GRADES.get(name, PALETTE[position % len(PALETTE)])


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %H:%M:%S")


def _axes(frame: Frame, ticks: Sequence[float], unit: str) -> list[str]:
    parts = []
    for tick in ticks:
        at = _height(ticks, tick)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{frame.width - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
        label = escape(scale.text(tick, unit))
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    return parts + _time_axis(frame, HEIGHT)


def _time_axis(frame: Frame, height: float) -> list[str]:
    parts = [
        f'<text x="{frame.x(t):.1f}" y="{height - 6}" text-anchor="middle">{label}</text>'
        for t, label in scale.time_ticks(frame.start, frame.end)
    ]
    for moment, kind, words in frame.marks:
        at = frame.x(moment)
        parts.append(
            f'<line class="mark {escape(kind)}" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}"'
            f' y2="{height - _BOTTOM}"><title>{_clock(moment)} {escape(words)}</title></line>'
        )
    return parts


def _svg(parts: Sequence[str], frame: Frame, height: float = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {frame.width} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _spread(panel: Panel, values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    if panel.minimum is not None:
        low = min(panel.minimum, low)
    if panel.maximum is not None:
        high = max(panel.maximum, high)
    return scale.value_ticks(low, high)


def _height(ticks: Sequence[float], value: float) -> float:
    share = (value - ticks[0]) / (ticks[-1] - ticks[0])
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def lines(panel: Panel, series: Series, frame: Frame) -> str:
    """Draw each series as a line with a dot at every figure."""
    ticks = _spread(panel, [v for points in series.values() for _, v in points])
    parts = _axes(frame, ticks, panel.unit)
    for position, (name, points) in enumerate(series.items()):
        tint = colour(name, position)
        dashed = name == LIMIT or name.startswith(REFERENCE)
        places = [(frame.x(t), _height(ticks, v), t, v) for t, v in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
        dash = ' stroke-dasharray="6 5"' if dashed else ""
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{tint}" stroke-width="2"{dash}/>'
        )
        if len(places) > 1 and dashed:
            continue
        for x, y, moment, value in places:
            words = f"{name}: {scale.text(value, panel.unit, 3)} ({_clock(moment)})"
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.6 if len(places) < 80 else 1.2}"'
                f' fill="{tint}"><title>{escape(words)}</title></circle>'
            )
    return _svg(parts, frame) + legend(list(series))


def bars(panel: Panel, series: Series, frame: Frame, bucket: float) -> str:
    """Draw series stacked in bars one bucket wide."""
    totals: dict[float, float] = {}
    for points in series.values():
        for moment, value in points:
            totals[moment] = totals.get(moment, 0.0) + max(value, 0.0)
    ticks = _spread(panel, [0.0, *totals.values()])
    parts = _axes(frame, ticks, panel.unit)
    wide = max(3.0, min(26.0, frame.x(frame.start + bucket) - frame.x(frame.start) - 1))
    floor: dict[float, float] = {}
    for position, (name, points) in enumerate(series.items()):
        for moment, value in points:
            base = floor.get(moment, 0.0)
            floor[moment] = base + max(value, 0.0)
            top, bottom = _height(ticks, floor[moment]), _height(ticks, base)
            words = f"{name}: {scale.text(value, panel.unit)} ({_clock(moment)})"
            parts.append(
                f'<rect x="{frame.x(moment) - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}"'
                f' height="{max(0.0, bottom - top):.1f}" fill="{colour(name, position)}">'
                f"<title>{escape(words)}</title></rect>"
            )
    return _svg(parts, frame) + legend(list(series))


def states(tracks: Mapping[str, Sequence[tuple[float, str]]], frame: Frame) -> str:
    """Draw a track per name; a state lasts until the next begins, the last as long as the one before."""
    row, label = 30, 18
    height = _TOP + len(tracks) * (row + label) + _BOTTOM
    parts = _time_axis(frame, height)
    for position, (name, changes) in enumerate(tracks.items()):
        top = _TOP + position * (row + label) + label
        parts.append(f'<text x="{_LEFT}" y="{top - 5}" class="name">{escape(name)}</text>')
        starts = [moment for moment, _ in changes]
        usual = starts[-1] - starts[-2] if len(starts) > 1 else (frame.end - frame.start) / 20
        ends = [*starts[1:], min(frame.end, starts[-1] + usual)]
        for (moment, verdict), end in zip(changes, ends, strict=True):
            left, right = frame.x(max(moment, frame.start)), frame.x(end)
            words = f"{verdict} ({_clock(moment)})"
            parts.append(
                f'<rect x="{left:.1f}" y="{top}" width="{max(2.0, right - left - 1):.1f}" rx="2"'
                f' height="{row - 6}" fill="{VERDICT_COLOURS.get(verdict, GREY)}">'
                f"<title>{escape(words)}</title></rect>"
            )
    return _svg(parts, frame, height) + legend(list(VERDICT_COLOURS), VERDICT_COLOURS)


def legend(names: Sequence[str], colours: Mapping[str, str] | None = None) -> str:
    """Return the chart's legend."""
    parts = []
    for position, name in enumerate(names):
        tint = colours[name] if colours else colour(name, position)
        parts.append(f'<span><i style="background:{tint}"></i>{escape(name)}</span>')
    return f'<div class="legend">{"".join(parts)}</div>'
