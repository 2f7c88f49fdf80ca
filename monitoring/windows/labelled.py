"""A window of labelled predictions: performance as it was, target drift, verdict."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from psycopg2.extensions import cursor as Cursor

from contract import scores
from contract.grades import GRADES
from monitoring.windows import cutting, drift, evidently_adapter, performance, verdict
from monitoring.windows.cutting import Window
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


def load(cursor: Cursor, item: Window) -> Labelled:
    """Return the window's rows in the order their labels came."""
    cursor.execute(
        "SELECT g.grade_class, p.grade_class, p.p_a, p.p_b, p.p_c, p.p_d, p.p_f,"
        " greatest(0, extract(epoch FROM g.labelled_at - g.event_time)) FROM ground_truth g"
        " JOIN predictions p ON p.prediction_id = g.prediction_id AND p.event_time = g.event_time"
        " WHERE g.version = %s AND g.label_number > %s AND g.label_number <= %s"
        " ORDER BY g.label_number",
        (item.version, item.after_row, item.last_row),
    )
    table = np.array(cursor.fetchall(), dtype=float).reshape(-1, 8)
    classes = table[:, :2].astype(np.int64)
    return Labelled(classes[:, 0], classes[:, 1], table[:, 2:7], table[:, 7])


def label_metrics(rows: Labelled) -> list[Metric]:
    """Return confusion, support, probability scores, delay and the estimate on the same rows."""
    table = scores.confusion(rows.truth, rows.predicted)
    found = [
        Metric("confusion", actual, answered, float(table[i, k]))
        for i, actual in enumerate(GRADES)
        for k, answered in enumerate(GRADES)
    ]
    for k, grade in enumerate(GRADES):
        support = float(table[k].sum())
        found.append(Metric("support", "", grade, support))
        found.append(Metric("label_share", "", grade, support / len(rows.truth)))
    shares, truth = rows.probabilities, rows.truth
    found += [
        Metric("rows", "", "", float(len(truth))),
        Metric("log_loss", "", "", scores.log_loss(truth, shares)),
        Metric("calibration_error", "", "", scores.expected_calibration_error(truth, shares)),
    ]
    found += [
        Metric("label_delay_seconds", "", label, float(np.quantile(rows.delays, share)))
        for label, share in (("p50", 0.5), ("p95", 0.95))
    ]
    estimated = performance.estimate(shares, rows.predicted)
    return found + [Metric(name, "", "", value) for name, value in estimated.items()]


def evaluate(cursor: Cursor, item: Window, reference: Reference | None, problem: str) -> Outcome:
    """Return figures and verdict; ``problem`` says why there is no reference, if there is none."""
    rows = load(cursor, item)
    count = len(rows.truth)
    if not count:  # its months were dropped by retention
        blank = LabelledFigures(0, 0.0, 0.0, 0.0, False)
        return Outcome([Metric("rows", "", "", 0.0)], verdict.judge_labelled(blank))
    metrics = label_metrics(rows)
    f1 = float(scores.f1_by_grade(rows.truth, rows.predicted).mean())
    if reference is None:
        metrics.append(Metric("f1_macro", "", "", f1))
        blank = LabelledFigures(count, f1, 0.0, 0.0, False, no_reference=problem)
        return Outcome(metrics, verdict.judge_labelled(blank))
    frame = pd.DataFrame({drift.PREDICTION: rows.predicted, evidently_adapter.TRUTH: rows.truth})
    evaluation = evidently_adapter.evaluate_labelled(frame, reference)
    floor = performance.f1_floor(reference.f1_macro, count)
    method = "reference less three sd"
    for metric in evaluation.metrics:
        if metric.metric == "f1_macro":
            metric = metric._replace(method=method, threshold=floor, failed=metric.value < floor)
        metrics.append(metric)
    before = cutting.previous(cursor, item)
    figures = LabelledFigures(
        count,
        f1,
        floor,
        reference.f1_macro,
        bool(before and BELOW_FLOOR in before["drifted"]),
        next(m.value for m in evaluation.metrics if m.metric == "target_drift_p"),
    )
    below = (BELOW_FLOOR,) if f1 < floor and count >= performance.MINIMUM_LABELS else ()
    judged = verdict.judge_labelled(figures)
    return Outcome(metrics, judged, below, reference.version, evaluation.html)
