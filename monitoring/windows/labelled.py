"""A window of labelled predictions: performance as it was, target drift, verdict."""

from typing import Any, NamedTuple

import numpy as np
from psycopg2.extensions import cursor as Cursor

from contract import scores
from contract.grades import GRADES
from monitoring.windows import cutting, drift, figures, performance, verdict
from monitoring.windows.cutting import Window
from monitoring.windows.drift import Columns
from monitoring.windows.metric import Metric, Outcome
from monitoring.windows.reference import Reference
from monitoring.windows.verdict import LabelledFigures

BELOW_FLOOR = "f1_macro"
"""Stands in a window's ``drifted`` when its f1-macro was under the floor."""


class Labelled(NamedTuple):
    """Labelled rows: true and predicted class, probabilities (n x 5), label delay in seconds."""

    truth: Any
    predicted: Any
    probabilities: Any
    delays: Any


def load(cursor: Cursor, window: Window) -> Labelled:
    """Return the window's rows in the order their labels came."""
    cursor.execute(
        "SELECT g.grade_class, p.grade_class, p.p_a, p.p_b, p.p_c, p.p_d, p.p_f,"
        " greatest(0, extract(epoch FROM g.labelled_at - g.event_time)) FROM ground_truth g"
        " JOIN predictions p ON p.prediction_id = g.prediction_id AND p.event_time = g.event_time"
        " WHERE g.version = %s AND g.label_number > %s AND g.label_number <= %s"
        " ORDER BY g.label_number",
        (window.version, window.after_row, window.last_row),
    )
    table = np.array(cursor.fetchall(), dtype=float).reshape(-1, 8)
    classes = table[:, :2].astype(np.int64)
    return Labelled(classes[:, 0], classes[:, 1], table[:, 2:7], table[:, 7])


def columns_of(rows: Labelled) -> Columns:
    """Return true and predicted class as the columns the tests take."""
    return {drift.PREDICTION: rows.predicted, figures.TRUTH: rows.truth}


def label_metrics(rows: Labelled) -> list[Metric]:
    """Return scores, confusion, support, delay and the estimate on the same rows."""
    truth, predicted, shares = rows.truth, rows.predicted, rows.probabilities
    table = scores.confusion(truth, predicted)
    f1 = scores.f1_by_grade(truth, predicted)
    singles = {
        "rows": float(len(truth)),
        "accuracy": float((truth == predicted).mean()),
        "f1_macro": float(f1.mean()),
        "log_loss": scores.log_loss(truth, shares),
        "calibration_error": scores.expected_calibration_error(truth, shares),
        **performance.estimate(shares, predicted),
    }
    metrics = [Metric(name, "", "", value) for name, value in singles.items()]
    for k, grade in enumerate(GRADES):
        support = float(table[k].sum())
        metrics.append(Metric("f1", "", grade, float(f1[k])))
        metrics.append(Metric("support", "", grade, support))
        metrics.append(Metric("label_share", "", grade, support / len(truth)))
        metrics += [
            Metric("confusion", grade, answered, float(table[k, j]))
            for j, answered in enumerate(GRADES)
        ]
    return metrics + [
        Metric("label_delay_seconds", "", label, float(np.quantile(rows.delays, share)))
        for label, share in (("p50", 0.5), ("p95", 0.95))
    ]


def evaluate(cursor: Cursor, window: Window, reference: Reference | None, problem: str) -> Outcome:
    """Return figures and verdict; ``problem`` says why there is no reference, if there is none."""
    rows = load(cursor, window)
    count = len(rows.truth)
    if not count:  # its months were dropped by retention
        blank = LabelledFigures(0, 0.0, 0.0, 0.0, False)
        return Outcome([Metric("rows", "", "", 0.0)], verdict.judge_labelled(blank))
    metrics = label_metrics(rows)
    f1 = next(metric.value for metric in metrics if metric.metric == "f1_macro")
    if reference is None:
        blank = LabelledFigures(count, f1, 0.0, 0.0, False, no_reference=problem)
        return Outcome(metrics, verdict.judge_labelled(blank))
    tested = figures.labelled(columns_of(rows), reference)
    floor = performance.f1_floor(reference.f1_macro, count)
    judged_f1 = Metric("f1_macro", "", "", f1, "reference less three sd", floor, f1 < floor)
    metrics = [judged_f1 if metric.metric == "f1_macro" else metric for metric in metrics]
    before = cutting.previous(cursor, window)
    basis = LabelledFigures(
        count,
        f1,
        floor,
        reference.f1_macro,
        bool(before and BELOW_FLOOR in before["drifted"]),
        next(m.value for m in tested if m.metric == "target_drift_p"),
    )
    below = (BELOW_FLOOR,) if f1 < floor and count >= performance.MINIMUM_LABELS else ()
    judged = verdict.judge_labelled(basis)
    metrics += tested
    return Outcome(metrics, judged, below, reference.version)
