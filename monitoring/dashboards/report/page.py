"""The report page: both dashboards, panel for panel, as one HTML file."""

from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Final

from psycopg2.extensions import connection as Connection

from contract.features import FEATURE_NAMES
from monitoring.dashboards.panels import BOARDS
from monitoring.dashboards.panels import panel as panels
from monitoring.dashboards.panels.panel import VERDICT_COLOURS, Board, Panel
from monitoring.dashboards.report import chart, scale
from monitoring.dashboards.report.chart import Frame
from monitoring.dashboards.report.data import Answer, Source, whole_range

_STYLE: Final = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_BADGES: Final = {
    **VERDICT_COLOURS,
    "done": panels.GREEN,
    "promoted": panels.GREEN,
    "resolved": panels.GREEN,
    "running": panels.BLUE,
    "refused": panels.YELLOW,
    "unchanged": panels.YELLOW,
    "failed": panels.RED,
    "dead": panels.RED,
}
_NUMBERS: Final = (int, float)


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def _series(answer: Answer) -> chart.Series:
    series: chart.Series = {}
    for moment, name, value in answer.rows:
        if value is not None:
            series.setdefault(str(name), []).append((_seconds(moment), float(value)))
    order = sorted(series, key=lambda name: (name == panels.LIMIT, name.startswith("reference")))
    return {name: series[name] for name in order}


def _cell(value: Any) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, datetime):
        return f'<td class="time">{value:%d %b %H:%M:%S}</td>'
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, _NUMBERS) or value.__class__.__name__ == "Decimal":
        return f'<td class="number">{escape(f"{value:,}")}</td>'
    text = str(value)
    if text in _BADGES:
        return f'<td><b class="badge" style="background:{_BADGES[text]}">{escape(text)}</b></td>'
    return f"<td>{escape(text)}</td>"


def _table(answer: Answer) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in answer.names)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in answer.rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _stat(panel: Panel, answer: Answer) -> str:
    value = answer.rows[0][0]
    if not isinstance(value, _NUMBERS):
        return f'<p class="figure">{escape(str(value))}</p>'
    tint = panel.steps[0][1]
    for start, step in panel.steps:
        if start is not None and value >= start:
            tint = step
    plain = len(panel.steps) == 1
    style = "" if plain else f' style="color:{tint}"'
    return f'<p class="figure"{style}>{escape(scale.text(value, panel.unit, panel.decimals))}</p>'


def _drawn(panel: Panel, answer: Answer, frame: Frame, bucket: int) -> str:
    frame = frame._replace(width=panel.width * chart.COLUMN)
    if answer.problem:
        return f'<p class="none">the query failed: {escape(answer.problem)}</p>'
    if not answer.rows or (panel.kind == panels.STAT and answer.rows[0][0] is None):
        return '<p class="none">nothing yet</p>'
    if panel.kind == panels.STAT:
        return _stat(panel, answer)
    if panel.kind == panels.TABLE:
        return _table(answer)
    if panel.kind == panels.STATES:
        tracks: dict[str, list[tuple[float, str]]] = {}
        for moment, name, verdict in answer.rows:
            tracks.setdefault(str(name), []).append((_seconds(moment), str(verdict)))
        return chart.states(dict(sorted(tracks.items())), frame)
    series = _series(answer)
    if panel.kind == panels.BARS:
        return chart.bars(panel, series, frame, bucket)
    return chart.lines(panel, series, frame)


def _panel(panel: Panel, source: Source, frame: Frame, feature: str = "") -> str:
    title = panel.title.replace("$feature", feature)
    drawn = _drawn(panel, source.ask(panel, feature), frame, source.period.interval)
    return (
        f'<section class="panel {panel.kind}" style="--width:{panel.width}"><h3>{escape(title)}</h3>'
        f'<p class="about">{escape(panel.description)}</p>{drawn}</section>'
    )


def _board(board: Board, source: Source, frame: Frame) -> str:
    parts = [f'<h1 id="{board.uid}">{escape(board.title)}</h1><p>{escape(board.description)}</p>']
    for row in board.rows:
        parts.append(f'<h2>{escape(row.title)}</h2><div class="grid24">')
        for panel in row.panels:
            features = FEATURE_NAMES if "$feature" in panel.title else ("",)
            parts += [_panel(panel, source, frame, feature) for feature in features]
        parts.append("</div>")
    return "".join(parts)


def render(connection: Connection, hours: float | None = None) -> str:
    """Return the page for the last ``hours``, or for everything there is if None."""
    period = whole_range(connection, hours)
    source = Source(connection, period)
    frame = Frame(period.start.timestamp(), period.end.timestamp(), source.marks())
    links = "".join(f'<a href="#{b.uid}">{escape(b.title)}</a>' for b in BOARDS[::-1])
    boards = "".join(_board(board, source, frame) for board in BOARDS[::-1])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Student Performance: monitoring</title><style>{_STYLE}</style></head><body>"
        f"<header><nav>{links}</nav><span>{period.start:%d %b %Y %H:%M} to"
        f" {period.end:%d %b %Y %H:%M} UTC, in steps of {scale.text(period.interval, 's')}</span>"
        '<span class="key"><i class="alarm"></i>alarm <i class="resolved"></i>resolved'
        ' <i class="promoted"></i>promoted <i class="version"></i>new version</span></header>'
        f"<main>{boards}</main></body></html>\n"
    )
