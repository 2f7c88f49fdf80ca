"""Panels about performance: measured on labels, estimated without them."""

from typing import Final

from contract.grades import GRADES
from monitoring.dashboards.panels.panel import Row, bars, lines, table
from monitoring.dashboards.panels.series import NEWEST, limit, series, union

TRUTH: Final = Row(
    "Performance",
    (
        lines(
            "f1-macro",
            "Measured on labels, estimated without them, and the limit: reference less three sd.",
            union(
                series("f1_macro", "'measured'", "avg(m.value)"),
                series(
                    "estimated_f1_macro", "'estimated'", "avg(m.value)", " AND w.kind = 'scored'"
                ),
                limit("f1_macro"),
            ),
            maximum=1,
        ),
        lines(
            "f1 by grade",
            "Of labelled windows. Grades with few labels jump: see their support.",
            union(series("f1", "m.label", "avg(m.value)")),
            maximum=1,
        ),
        bars(
            "Support by grade",
            "True grades in labelled windows.",
            union(series("support", "m.label", "sum(m.value)")),
        ),
        table(
            "Confusion",
            "The newest labelled window: rows are true grades, columns predicted ones.",
            'SELECT m.column_name AS "true",'
            + ",".join(
                f" sum(m.value) FILTER (WHERE m.label = '{grade}')::int AS \"{grade}\""
                for grade in GRADES
            )
            + " FROM monitoring.window_metrics m WHERE m.metric = 'confusion'"
            f" AND m.window_id = ({NEWEST}) GROUP BY 1 ORDER BY 1",
            width=6,
        ),
        lines(
            "Calibration",
            "Log-loss and calibration error of labelled windows.",
            union(
                series("log_loss", "'log-loss'", "avg(m.value)"),
                series("calibration_error", "'calibration error'", "avg(m.value)"),
            ),
            width=6,
        ),
        lines(
            "Label delay",
            "From prediction to known grade, per labelled window.",
            union(series("label_delay_seconds", "m.label")),
            unit="s",
            width=6,
        ),
        bars(
            "Labels by day",
            "When labels came, by source.",
            "SELECT $__timeGroupAlias(minute, $__interval), source AS metric,"
            " sum(count)::float8 AS value FROM monitoring.label_counts"
            " WHERE $__timeFilter(minute) GROUP BY 1, 2 ORDER BY 1, 2",
            width=6,
        ),
    ),
)
