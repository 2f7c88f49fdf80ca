"""Evaluating a closed window: rows in, metric rows and a verdict out, one transaction."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from inference.contract import FEATURE_NAMES, GRADES
from monitoring import drift, evidently_adapter, performance, verdict, window
from monitoring.errors import ReferenceMissingError, ReferenceUnusableError
from monitoring.metric import Metric, finite
from monitoring.reference import Reference, ReferenceStore
from monitoring.settings import WindowSettings
from monitoring.verdict import LabelledFigures, Quality, ScoredFigures, Verdict
from monitoring.window import Window

_LOG = logging.getLogger(__name__)

_SCORED_COLUMNS: Final = ", ".join(
    ["grade_class", "p_a", "p_b", "p_c", "p_d", "p_f", *(f'"{name}"' for name in FEATURE_NAMES)]
)


class Outcome(NamedTuple):
    """What an evaluation found: figures, verdict, drifted columns, and the page to keep."""

    metrics: list[Metric]
    verdict: Verdict
    drifted: tuple[str, ...] = ()
    reference_version: str | None = None
    html: Callable[[], str] | None = None


class Evaluator:
    """Evaluates windows against the reference of their model version."""

    def __init__(
        self, references: ReferenceStore, s3: Any, bucket: str, settings: WindowSettings
    ) -> None:
        self._references = references
        self._s3 = s3
        self._bucket = bucket
        self._settings = settings

    def evaluate(self, cursor: Cursor, item: Window) -> Verdict:
        """Evaluate a window and store figures, verdict and report key. Evaluating again is an
        update with the same values: the number, the closing time and the first evaluation stay."""
        outcome = (
            self._scored(cursor, item)
            if item.kind == window.SCORED
            else self._labelled(cursor, item)
        )
        key = self._report(item, outcome)
        self._store(cursor, item, outcome, key)
        return outcome.verdict

    def _reference(self, cursor: Cursor, version: str) -> tuple[Reference | None, str | None]:
        try:
            reference = self._references.get(version)
        except (ReferenceMissingError, ReferenceUnusableError) as error:
            return None, str(error)
        execute_values(
            cursor,
            "INSERT INTO reference_stats (version, metric, column_name, label, value) VALUES %s"
            " ON CONFLICT (version, metric, column_name, label) DO NOTHING",
            [(version, *row) for row in reference.stats()],
        )
        return reference, None

    def _scored(self, cursor: Cursor, item: Window) -> Outcome:
        frame, probabilities = _scored_rows(cursor, item)
        rejected = _rejected(cursor, item)
        metrics = [Metric("rejected", "", code, float(n)) for code, n in rejected.items()]
        total = item.row_count + item.rejected_count
        metrics.append(
            Metric("rejected_share", "", "", item.rejected_count / total if total else 0.0)
        )
        quality = Quality(rejected, item.rejected_count)
        reference, problem = self._reference(cursor, item.version)
        if not len(frame):
            metrics.append(Metric("rows", "", "", 0.0))
            figures = ScoredFigures(0, quality=quality, no_reference=problem)
            return Outcome(metrics, verdict.judge_scored(figures, self._settings.minimum_rows))
        metrics += _prediction_metrics(frame, probabilities)
        if reference is None:
            metrics.append(Metric("rows", "", "", float(len(frame))))
            figures = ScoredFigures(len(frame), quality=quality, no_reference=problem)
            return Outcome(metrics, verdict.judge_scored(figures, self._settings.minimum_rows))
        evaluation = evidently_adapter.evaluate_scored(frame, reference)
        metrics += evaluation.metrics
        drifted, shares = _drifted(evaluation.metrics), _shares(evaluation.metrics)
        metrics.append(Metric("drifted_columns", "", "", float(len(drifted))))
        before = window.previous(cursor, item)
        repeated = before["drifted"] if before and before["verdict"] != "insufficient" else ()
        figures = ScoredFigures(
            len(frame), drifted, repeated, quality._replace(out_of_range=shares)
        )
        judged = verdict.judge_scored(figures, self._settings.minimum_rows)
        return Outcome(metrics, judged, tuple(sorted(drifted)), reference.version, evaluation.html)

    def _labelled(self, cursor: Cursor, item: Window) -> Outcome:
        truth, predicted, probabilities, delays = _labelled_rows(cursor, item)
        reference, problem = self._reference(cursor, item.version)
        metrics = _label_metrics(truth, predicted, probabilities, delays)
        f1 = performance.f1_macro(truth, predicted)
        if reference is None:
            metrics.append(Metric("f1_macro", "", "", f1))
            blank = LabelledFigures(len(truth), f1, 0.0, 0.0, False, no_reference=problem)
            return Outcome(metrics, verdict.judge_labelled(blank))
        frame = pd.DataFrame({drift.PREDICTION: predicted, evidently_adapter.TRUTH: truth})
        evaluation = evidently_adapter.evaluate_labelled(frame, reference)
        floor = performance.f1_floor(reference.f1_macro, len(truth))
        target_p = next(m.value for m in evaluation.metrics if m.metric == "target_drift_p")
        metrics += [
            (
                m._replace(
                    method="reference less three sd", threshold=floor, failed=m.value < floor
                )
                if m.metric == "f1_macro"
                else m
            )
            for m in evaluation.metrics
        ]
        before = window.previous(cursor, item)
        figures = LabelledFigures(
            len(truth),
            f1,
            floor,
            reference.f1_macro,
            bool(before and "f1_macro" in before["drifted"]),
            target_p,
        )
        judged = verdict.judge_labelled(figures)
        below = ("f1_macro",) if f1 < floor and len(truth) >= performance.MINIMUM_LABELS else ()
        return Outcome(metrics, judged, below, reference.version, evaluation.html)

    def _report(self, item: Window, outcome: Outcome) -> str | None:
        """Keep Evidently's page in S3 (gzip: 4 MB become 1.2) and return its key."""
        policy = self._settings.reports
        notable = outcome.verdict.level in (verdict.WARN, verdict.ALARM)
        wanted = policy == "all" or (policy == "notable" and notable)
        if outcome.html is None or not wanted or not self._bucket:
            return None
        key = f"reports/{item.version}/{item.kind}-{item.after_row:012d}.html"
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=gzip.compress(outcome.html().encode(), 4, mtime=0),
            ContentType="text/html; charset=utf-8",
            ContentEncoding="gzip",
        )
        return key

    def _store(self, cursor: Cursor, item: Window, outcome: Outcome, key: str | None) -> None:
        cursor.execute("DELETE FROM window_metrics WHERE window_id = %s", (item.window_id,))
        kept = finite(outcome.metrics)
        if len(kept) < len(outcome.metrics):
            lost = sorted({m.metric for m in outcome.metrics} - {m.metric for m in kept})
            _LOG.warning("window %d: figures that are no number: %s", item.window_id, lost)
        execute_values(
            cursor,
            "INSERT INTO window_metrics (window_id, metric, column_name, label, value, method,"
            " threshold, failed) VALUES %s",
            [(item.window_id, *metric) for metric in kept],
            page_size=500,
        )
        cursor.execute(
            "UPDATE windows SET verdict = %s, reasons = %s, drifted = %s, reference_version = %s,"
            " report_key = coalesce(%s, report_key),"
            " evaluated_at = coalesce(evaluated_at, clock_timestamp()) WHERE window_id = %s",
            (
                outcome.verdict.level,
                list(outcome.verdict.reasons),
                list(outcome.drifted),
                outcome.reference_version,
                key,
                item.window_id,
            ),
        )


def _scored_rows(cursor: Cursor, item: Window) -> tuple[pd.DataFrame, Any]:
    cursor.execute(
        f"SELECT {_SCORED_COLUMNS} FROM predictions WHERE version = %s AND row_number > %s"
        " AND row_number <= %s ORDER BY row_number",
        (item.version, item.after_row, item.last_row),
    )
    table = np.array(cursor.fetchall(), dtype=float).reshape(-1, 6 + len(FEATURE_NAMES))
    data: dict[str, Any] = {
        name: table[:, 6 + k] if name in drift.NUMERICAL else table[:, 6 + k].astype(np.int64)
        for k, name in enumerate(FEATURE_NAMES)
    }
    data[drift.PREDICTION] = table[:, 0].astype(np.int64)
    return pd.DataFrame(data), table[:, 1:6]


def _rejected(cursor: Cursor, item: Window) -> dict[str, int]:
    cursor.execute(
        "SELECT code, count(*) FROM rejections, unnest(codes) AS code WHERE version = %s"
        " AND row_number > %s AND row_number <= %s GROUP BY code ORDER BY code",
        (item.version, item.after_row, item.last_row),
    )
    return {code: int(count) for code, count in cursor.fetchall()}


def _labelled_rows(cursor: Cursor, item: Window) -> tuple[Any, Any, Any, Any]:
    cursor.execute(
        "SELECT g.grade_class, p.grade_class, p.p_a, p.p_b, p.p_c, p.p_d, p.p_f,"
        " extract(epoch FROM g.labelled_at - g.event_time) FROM ground_truth g"
        " JOIN predictions p ON p.prediction_id = g.prediction_id AND p.event_time = g.event_time"
        " WHERE g.version = %s AND g.label_number > %s AND g.label_number <= %s"
        " ORDER BY g.label_number",
        (item.version, item.after_row, item.last_row),
    )
    table = np.array(cursor.fetchall(), dtype=float).reshape(-1, 8)
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2:7], table[:, 7]


def _prediction_metrics(frame: pd.DataFrame, probabilities: Any) -> list[Metric]:
    predicted = frame[drift.PREDICTION].to_numpy()
    top = probabilities.max(axis=1)
    found = [
        Metric("predicted_share", "", grade, float((predicted == k).mean()))
        for k, grade in enumerate(GRADES)
    ]
    found += [
        Metric("confidence", "", label, float(np.quantile(top, share)))
        for label, share in (("p10", 0.1), ("p50", 0.5))
    ]
    found += [
        Metric("mean", name, "", float(frame[name].mean()))
        for name in FEATURE_NAMES
        if name not in drift.NUMERICAL
    ]
    estimated = performance.estimate(probabilities, predicted)
    return found + [Metric(name, "", "", value) for name, value in estimated.items()]


def _label_metrics(truth: Any, predicted: Any, probabilities: Any, delays: Any) -> list[Metric]:
    table = performance.confusion(truth, predicted)
    found = [
        Metric("confusion", actual, answered, float(table[i, k]))
        for i, actual in enumerate(GRADES)
        for k, answered in enumerate(GRADES)
    ]
    for k, grade in enumerate(GRADES):
        found.append(Metric("support", "", grade, float(table[k].sum())))
        found.append(Metric("label_share", "", grade, float(table[k].sum() / len(truth))))
    found += [
        Metric("rows", "", "", float(len(truth))),
        Metric("log_loss", "", "", performance.log_loss(probabilities, truth)),
        Metric("calibration_error", "", "", performance.calibration_error(probabilities, truth)),
    ]
    found += [
        Metric("label_delay_seconds", "", label, float(np.quantile(delays, share)))
        for label, share in (("p50", 0.5), ("p95", 0.95))
    ]
    estimated = performance.estimate(probabilities, predicted)
    return found + [Metric(name, "", "", value) for name, value in estimated.items()]


def _drifted(metrics: list[Metric]) -> dict[str, tuple[float, float]]:
    effects = {m.column: m.value for m in metrics if m.metric == "drift_effect"}
    return {
        m.column: (m.value, effects[m.column])
        for m in metrics
        if m.metric == "drift_p" and m.failed
    }


def _shares(metrics: list[Metric]) -> dict[str, float]:
    return {m.column: m.value for m in metrics if m.metric == "out_of_range" and m.label == "share"}
