"""The model dashboard: has the world changed, is the model still good, what was done about it."""

from typing import Final

from monitoring.dashboards.panels.drift_row import ANSWERS, DRIFT
from monitoring.dashboards.panels.panel import (
    GREEN,
    RED,
    STATES,
    YELLOW,
    Board,
    Panel,
    Row,
    Variable,
    stat,
    table,
)
from monitoring.dashboards.panels.series import CHOSEN, NEWEST
from monitoring.dashboards.panels.truth_row import TRUTH

STATE: Final = Row(
    "State",
    (
        stat(
            "Open incidents",
            "Alarms that have not ended.",
            "SELECT count(*)::float8 AS value FROM monitoring.incidents WHERE closed_at IS NULL",
            steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Live model version",
            "The version of the newest window.",
            "SELECT version AS value FROM monitoring.windows ORDER BY window_id DESC LIMIT 1",
            decimals=None,
        ),
        stat(
            "f1-macro, measured",
            "Of the newest labelled window, over all five grades.",
            "SELECT m.value FROM monitoring.window_metrics m WHERE m.metric = 'f1_macro'"
            f" AND m.window_id = ({NEWEST})",
            decimals=3,
        ),
        stat(
            "f1-macro, estimated",
            "Of the newest window, from the model's own probabilities; needs no labels.",
            "SELECT m.value FROM monitoring.window_metrics m JOIN monitoring.windows w"
            " USING (window_id) WHERE m.metric = 'estimated_f1_macro' AND w.kind = 'scored'"
            f" AND {CHOSEN} AND $__timeFilter(w.last_event)"
            " ORDER BY w.last_event DESC, w.window_id DESC LIMIT 1",
            decimals=3,
        ),
        stat(
            "Labels in range",
            "True grades known of predictions made in the time range.",
            "SELECT count(*)::float8 AS value FROM monitoring.label_delays"
            " WHERE $__timeFilter(event_time)",
        ),
        stat(
            "Label conflicts",
            "Second, different grades offered for a prediction; the first stays.",
            "SELECT count(*)::float8 AS value FROM monitoring.label_conflict_times"
            " WHERE $__timeFilter(reported_at)",
            steps=((None, GREEN), (1, YELLOW)),
        ),
        Panel(
            "Verdicts",
            "Verdict of every window by version, from its first record on: drift and performance.",
            "SELECT w.first_event AS time, 'version ' || w.version || ', ' ||"
            " CASE w.kind WHEN 'scored' THEN 'drift' ELSE 'performance' END AS metric,"
            " w.verdict AS value FROM monitoring.windows w WHERE w.verdict IS NOT NULL"
            f" AND {CHOSEN} AND $__timeFilter(w.first_event) ORDER BY 1 LIMIT 5000",
            kind=STATES,
            width=24,
            height=6,
        ),
    ),
)

HISTORY: Final = Row(
    "History",
    (
        table(
            "Incidents",
            "What alarmed and how it ended.",
            "SELECT incident_id AS incident, kind, version, opened_at AS opened, closed_at AS ended,"
            " array_to_string(reasons, '; ') AS reasons, closing AS \"ended because\""
            " FROM monitoring.incidents"
            " WHERE opened_at <= $__timeTo()::timestamptz"
            " AND coalesce(closed_at, now()) >= $__timeFrom()::timestamptz"
            " ORDER BY incident_id DESC LIMIT 50",
            width=12,
        ),
        table(
            "Retraining",
            "What training's gate decided, in its words.",
            "SELECT seen_at AS time, incident_id AS incident, outcome, version, champion_before AS"
            " before, array_to_string(reasons, ' ') AS reasons FROM monitoring.training_outcomes"
            " WHERE $__timeFilter(seen_at) ORDER BY seen_at DESC LIMIT 50",
            width=12,
        ),
        table(
            "Windows",
            "Newest first. Audit: whether Evidently, which follows the verdict, came to the same"
            " figures; the report is its page in the artifact bucket.",
            "SELECT w.last_event AS time, w.kind, w.version, w.row_count AS rows, w.verdict,"
            " array_to_string(w.reasons, '; ') AS reasons, w.audit, w.report_key AS"
            " report"
            f" FROM monitoring.windows w WHERE {CHOSEN} AND $__timeFilter(w.last_event)"
            " ORDER BY w.last_event DESC, w.window_id DESC LIMIT 100",
            width=24,
        ),
    ),
)

MODEL: Final = Board(
    "student-performance-model",
    "Student Performance: model",
    "For those who answer for the model: has the world changed, is it still good, what was done.",
    (
        Variable(
            "version",
            "Model version",
            "SELECT version FROM monitoring.model_versions ORDER BY first_seen DESC",
            True,
        ),
        Variable(
            "feature",
            "Feature",
            "SELECT DISTINCT column_name FROM monitoring.reference_stats WHERE metric = 'mean'"
            " ORDER BY 1",
            False,
        ),
    ),
    (STATE, DRIFT, ANSWERS, TRUTH, HISTORY),
)
