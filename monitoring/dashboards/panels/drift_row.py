"""Panels about drift: evidence, effect, quality, and the answers' own drift."""

from typing import Final

from monitoring.dashboards.panels.panel import Row, bars, lines
from monitoring.dashboards.panels.series import CHOSEN, limit, reference, series, union

DRIFT: Final = Row(
    "Drift",
    (
        lines(
            "Evidence: -log10 p by column",
            "KS or two-sample chi-square against the reference. Above the limit: the column has drifted.",
            union(
                series("drift_p", "m.column_name", "max(-log(greatest(m.value, 1e-300)))"),
                limit("drift_p", "max(-log(m.threshold))"),
            ),
        ),
        lines(
            "Effect size by column",
            "How far apart, not how sure: Wasserstein (in sd) or Jensen-Shannon. Small shifts show here"
            " before they alarm.",
            union(series("drift_effect", "m.column_name")),
        ),
        bars(
            "Drifted columns",
            "Columns of ten with evidence of drift; two in one window alarm.",
            union(series("drifted_columns", "'version ' || w.version")),
        ),
        lines(
            "$feature against its reference",
            "Mean of each window; dashed, the reference's mean and three standard errors of a window.",
            union(
                series(
                    "mean",
                    "'window mean'",
                    "avg(m.value)",
                    " AND m.column_name IN (${feature:sqlstring})",
                ),
                reference(
                    "mean", "'reference mean'", " AND r.column_name IN (${feature:sqlstring})"
                ),
                *(
                    "SELECT $__timeGroupAlias(w.last_event, $__interval), "
                    f"'reference {label}' AS metric, avg(r.value {sign} 3 * s.value /"
                    " sqrt(greatest(w.row_count, 1)))::float8 AS value FROM monitoring.windows w"
                    " JOIN monitoring.reference_stats r ON r.version = w.reference_version"
                    " AND r.metric = 'mean' JOIN monitoring.reference_stats s"
                    " ON s.version = r.version AND s.metric = 'sd'"
                    " AND s.column_name = r.column_name WHERE w.kind = 'scored' AND r.column_name"
                    f" IN (${{feature:sqlstring}}) AND {CHOSEN} AND $__timeFilter(w.last_event)"
                    " GROUP BY 1, 2"
                    for label, sign in (("low", "-"), ("high", "+"))
                ),
            ),
            minimum=None,
        ),
        lines(
            "Outside of training's range",
            "Share of rows with a value training never saw, by feature.",
            union(series("out_of_range", "m.column_name", more=" AND m.label = 'share'")),
            unit="percentunit",
        ),
        lines(
            "Rejected and missing",
            "Share of records rejected per window, and missing values in scored rows.",
            union(
                series("rejected_share", "'rejected share'"),
                series("missing", "'missing values'"),
            ),
        ),
    ),
)

ANSWERS: Final = Row(
    "Answers",
    (
        bars(
            "Predicted grades",
            "Share of each predicted grade per window.",
            union(series("predicted_share", "m.label", "avg(m.value)")),
            unit="percentunit",
            maximum=1,
        ),
        lines(
            "Predicted against reference",
            "Difference of each grade's share from the reference's, in points of share.",
            "SELECT $__timeGroupAlias(w.last_event, $__interval), m.label AS metric,"
            " avg(m.value - r.value)::float8 AS value FROM monitoring.window_metrics m"
            " JOIN monitoring.windows w USING (window_id) JOIN monitoring.reference_stats r"
            " ON r.version = w.reference_version AND r.metric = 'predicted_share'"
            " AND r.label = m.label WHERE m.metric = 'predicted_share'"
            f" AND {CHOSEN} AND $__timeFilter(w.last_event) GROUP BY 1, 2 ORDER BY 1, 2",
            unit="percentunit",
            minimum=None,
        ),
        lines(
            "Confidence",
            "Probability of the predicted grade: median and lowest tenth; dashed, the reference.",
            union(
                series("confidence", "m.label", "avg(m.value)"),
                reference("confidence", "'reference ' || r.label"),
            ),
            unit="percentunit",
            maximum=1,
        ),
    ),
)
