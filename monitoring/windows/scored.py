"""A window of predictions: its rows, its figures, its verdict."""

from typing import Any, Final

import numpy as np
from psycopg2.extensions import cursor as Cursor

from contract.features import FEATURE_NAMES
from monitoring.windows import cutting, drift, figures, performance, verdict
from monitoring.windows.cutting import Window
from monitoring.windows.drift import Columns
from monitoring.windows.metric import Metric, Outcome
from monitoring.windows.reference import Reference
from monitoring.windows.verdict import Quality, ScoredFigures

_COLUMNS: Final = ", ".join(
    ["grade_class", "p_a", "p_b", "p_c", "p_d", "p_f", *(f'"{name}"' for name in FEATURE_NAMES)]
)


def load(cursor: Cursor, window: Window) -> tuple[Columns, Any]:
    """Return the window's features and predicted class as columns, and probabilities (n x 5)."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM predictions WHERE version = %s AND row_number > %s"
        " AND row_number <= %s ORDER BY row_number",
        (window.version, window.after_row, window.last_row),
    )
    table = np.array(cursor.fetchall(), dtype=float).reshape(-1, 6 + len(FEATURE_NAMES))
    data: dict[str, Any] = {
        name: table[:, 6 + k] if name in drift.NUMERICAL else table[:, 6 + k].astype(np.int64)
        for k, name in enumerate(FEATURE_NAMES)
    }
    data[drift.PREDICTION] = table[:, 0].astype(np.int64)
    return data, table[:, 1:6]


def rejections(cursor: Cursor, window: Window) -> dict[str, int]:
    """Return how often each rejection code occurs in the window's interval."""
    cursor.execute(
        "SELECT code, count(*) FROM rejections, unnest(codes) AS code WHERE version = %s"
        " AND row_number > %s AND row_number <= %s GROUP BY code ORDER BY code",
        (window.version, window.after_row, window.last_row),
    )
    return {code: int(count) for code, count in cursor.fetchall()}


def prediction_metrics(columns: Columns, probabilities: Any) -> list[Metric]:
    """Return class mix, confidence, means of whole-number features, and estimated performance."""
    predicted = columns[drift.PREDICTION]
    metrics = [
        Metric(name, "", label, value)
        for name, label, value in performance.answers(probabilities, predicted)
    ]
    metrics += [
        Metric("mean", name, "", float(columns[name].mean()))
        for name in FEATURE_NAMES
        if name not in drift.NUMERICAL
    ]
    estimated = performance.estimate(probabilities, predicted)
    return metrics + [Metric(name, "", "", value) for name, value in estimated.items()]


def quality_metrics(window: Window, rejected: dict[str, int]) -> list[Metric]:
    """Return rejections by code and their share of all records of the window."""
    total = window.row_count + window.rejected_count
    share = window.rejected_count / total if total else 0.0
    counts = [Metric("rejected", "", code, float(count)) for code, count in rejected.items()]
    return [*counts, Metric("rejected_share", "", "", share)]


def _drifted(metrics: list[Metric]) -> dict[str, tuple[float, float]]:
    effects = {m.column: m.value for m in metrics if m.metric == "drift_effect"}
    return {
        m.column: (m.value, effects[m.column])
        for m in metrics
        if m.metric == "drift_p" and m.failed
    }


def _repeated(cursor: Cursor, window: Window) -> tuple[str, ...]:
    before = cutting.previous(cursor, window)
    return tuple(before["drifted"]) if before and before["verdict"] != "insufficient" else ()


def evaluate(
    cursor: Cursor, window: Window, reference: Reference | None, problem: str, minimum_rows: int
) -> Outcome:
    """Return figures and verdict; ``problem`` says why there is no reference, if there is none."""
    columns, probabilities = load(cursor, window)
    rows = len(probabilities)
    rejected = rejections(cursor, window)
    quality = Quality(rejected, window.rejected_count)
    metrics = quality_metrics(window, rejected)
    if rows:
        metrics += prediction_metrics(columns, probabilities)
    if reference is None or not rows:
        metrics.append(Metric("rows", "", "", float(rows)))
        blank = ScoredFigures(rows, quality=quality, no_reference=problem)
        return Outcome(metrics, verdict.judge_scored(blank, minimum_rows))
    tested = figures.scored(columns, reference)
    metrics += tested
    drifted = _drifted(tested)
    metrics.append(Metric("drifted_columns", "", "", float(len(drifted))))
    outside = {
        m.column: m.value for m in metrics if m.metric == "out_of_range" and m.label == "share"
    }
    basis = ScoredFigures(
        rows, drifted, _repeated(cursor, window), quality._replace(out_of_range=outside)
    )
    judged = verdict.judge_scored(basis, minimum_rows)
    return Outcome(metrics, judged, tuple(sorted(drifted)), reference.version)
