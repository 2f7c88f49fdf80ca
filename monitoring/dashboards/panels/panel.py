"""A panel: a question in SQL and how its answer is drawn.

SQL uses Grafana's macros and variables ($__timeFilter, $__timeGroupAlias, ${version:sqlstring});
``monitoring.dashboards.panels.macro`` expands them by Grafana's rules wherever no Grafana runs.
"""

from functools import partial
from typing import Final, NamedTuple

STAT: Final = "stat"
SERIES: Final = "timeseries"
BARS: Final = "bars"
STATES: Final = "state-timeline"
TABLE: Final = "table"

GREEN: Final = "#3fb950"
YELLOW: Final = "#d4a72c"
ORANGE: Final = "#e5834f"
RED: Final = "#e5484d"
GREY: Final = "#8b949e"
BLUE: Final = "#4c8dff"

VERDICT_COLOURS: Final = {"ok": GREEN, "warn": YELLOW, "alarm": RED, "insufficient": GREY}

LIMIT: Final = "limit"
"""A series of this name is a limit from the database: drawn dashed, in red."""
REFERENCE: Final = "reference"
"""A series whose name starts so is the reference: drawn dashed, in grey."""


class Panel(NamedTuple):
    """One panel. A series' SQL gives time, metric, value; a table's gives its columns.

    ``steps`` colours a stat: (from value, colour), first from minus infinity. ``unit`` is one of
    Grafana's unit ids. ``width`` counts 24ths of the page.
    """

    title: str
    description: str
    sql: str
    kind: str
    unit: str = "short"
    width: int = 8
    height: int = 8
    decimals: int | None = None
    steps: tuple[tuple[float | None, str], ...] = ((None, GREEN),)
    minimum: float | None = None
    maximum: float | None = None


stat = partial(Panel, kind=STAT, width=4, height=4, decimals=0)
lines = partial(Panel, kind=SERIES, minimum=0)
bars = partial(Panel, kind=BARS, minimum=0)
table = partial(Panel, kind=TABLE)


class Row(NamedTuple):
    """A titled row of panels."""

    title: str
    panels: tuple[Panel, ...]


class Variable(NamedTuple):
    """A choice at the top of a dashboard; ``multiple`` choices start with all."""

    name: str
    label: str
    sql: str
    multiple: bool


class Board(NamedTuple):
    """A dashboard: for whom, about what."""

    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]


ANNOTATIONS: Final = (
    "SELECT happened_at AS time, text, kind AS tags FROM monitoring.events"
    " WHERE $__timeFilter(happened_at) ORDER BY happened_at"
)
