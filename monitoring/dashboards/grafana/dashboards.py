"""Dashboards from the panels, through Grafana's own SDK (schema 11.6)."""

import json
from typing import Any, Final

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard

from monitoring.dashboards.grafana.query import PostgresQuery, datasource
from monitoring.dashboards.panels import panel as panels
from monitoring.dashboards.panels.panel import ANNOTATIONS, Board, Panel, Variable

_SERIES_KINDS: Final = (panels.SERIES, panels.BARS)
"""States are text, which Grafana's time series format refuses: theirs is a table, partitioned."""


def _builder(panel: Panel) -> Any:
    if panel.kind == panels.STAT:
        reduce = common_builders.ReduceDataOptions().calcs(["lastNotNull"]).fields("/^value$/")
        return (
            stat.Panel()
            .reduce_options(reduce)
            .color_mode(common.BigValueColorMode.VALUE)
            .graph_mode(common.BigValueGraphMode.NONE)
        )
    if panel.kind == panels.STATES:
        return _states()
    if panel.kind == panels.TABLE:
        return table.Panel()
    built = (
        timeseries.Panel()
        .line_width(2)
        .fill_opacity(0)
        .span_nulls(True)
        .show_points(common.VisibilityMode.AUTO)
    )
    if panel.kind == panels.BARS:
        stacked = common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("A")
        built = (
            built.draw_style(common.GraphDrawStyle.BARS)
            .fill_opacity(70)
            .line_width(0)
            .stacking(stacked)
        )
    dashed = {"fill": "dash", "dash": [6, 6]}
    for pattern, colour in (
        (f"/^{panels.LIMIT}$/", panels.RED),
        (f"/^{panels.REFERENCE}/", panels.GREY),
    ):
        values = (
            ("custom.lineStyle", dashed),
            ("custom.fillOpacity", 0),
            ("color", {"mode": "fixed", "fixedColor": colour}),
        )
        built = built.override_by_regexp(
            pattern,
            [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in values],
        )
    legend = common_builders.VizLegendOptions().show_legend(True)
    legend = legend.display_mode(common.LegendDisplayMode.LIST)
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return built.legend(legend.placement(common.LegendPlacement.BOTTOM)).tooltip(tooltip)


def _states() -> Any:
    partition = dashboard.DataTransformerConfig(
        id_val="partitionByValues",
        options={"fields": ["metric"], "keepFields": False, "naming": {"asLabels": True}},
    )
    built = statetimeline.Panel().mappings([_verdicts()]).row_height(0.8).fill_opacity(85)
    return built.with_transformation(partition)


def _verdicts() -> dashboard.ValueMap:
    return dashboard.ValueMap(
        options={
            verdict: dashboard.ValueMappingResult(text=verdict, color=colour, index=index)
            for index, (verdict, colour) in enumerate(panels.VERDICT_COLOURS.items())
        }
    )


def _panel(panel: Panel, number: int, place: dashboard.GridPos) -> Any:
    steps = [dashboard.Threshold(value=value, color=colour) for value, colour in panel.steps]
    built = (
        _builder(panel)
        .id(number)
        .title(panel.title)
        .description(panel.description)
        .datasource(datasource())
        .grid_pos(place)
        .thresholds(
            builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
        )
        .with_target(PostgresQuery(panel.sql, series=panel.kind in _SERIES_KINDS))
    )
    if panel.kind not in (panels.STATES, panels.TABLE):
        built = built.unit(panel.unit)
    if panel.decimals is not None:
        built = built.decimals(panel.decimals)
    if panel.minimum is not None:
        built = built.min(panel.minimum)
    if panel.maximum is not None:
        built = built.max(panel.maximum)
    return built


def _variable(variable: Variable) -> Any:
    built = (
        builders.QueryVariable(variable.name)
        .label(variable.label)
        .datasource(datasource())
        .query(variable.sql)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(variable.multiple)
        .include_all(variable.multiple)
    )
    if variable.multiple:
        built = built.current(dashboard.VariableOption(selected=True, text="All", value="$__all"))
    return built


def build(board: Board) -> dashboard.Dashboard:
    """Return the dashboard; panels flow from left to right and wrap at 24 columns."""
    built = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["student-performance"])
        .refresh("30s")
        .time("now-24h", "now")
        .timezone("browser")
        .readonly()
        .link(
            builders.DashboardLink("Student Performance")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags(["student-performance"])
            .as_dropdown(False)
            .keep_time(True)
        )
        .annotation(
            builders.AnnotationQuery()
            .name("Alarms, retraining, promotions")
            .datasource(datasource())
            .enable(True)
            .icon_color(panels.BLUE)
            .target(PostgresQuery(ANNOTATIONS, ref_id="Anno"))
        )
    )
    for variable in board.variables:
        built = built.with_variable(_variable(variable))
    number, top = 1, 0
    for row in board.rows:
        built = built.with_row(
            builders.Row(row.title).id(number).grid_pos(dashboard.GridPos(1, 24, 0, top))
        )
        number, left, top, tallest = number + 1, 0, top + 1, 0
        for panel in row.panels:
            if left + panel.width > 24:
                left, top, tallest = 0, top + tallest, 0
            place = dashboard.GridPos(panel.height, panel.width, left, top)
            built = built.with_panel(_panel(panel, number, place))
            number, left, tallest = number + 1, left + panel.width, max(tallest, panel.height)
        top += tallest
    return built.build()


def encode(board: Board) -> str:
    """Return the dashboard's JSON as it is committed."""
    made = json.loads(json.dumps(build(board), cls=JSONEncoder))
    for variable in made.get("templating", {}).get("list", ()):
        for name in ("auto", "auto_count", "auto_min"):  # the SDK adds an interval's to every kind
            variable.pop(name, None)
    return json.dumps(made, indent=2, sort_keys=True) + "\n"
