"""The figures that decide on a window, from scipy alone: pure functions over columns.

They are Evidently's figures by another way (equal to 1e-9, ``tests/.../test_figures.py``) at a
sixtieth of the price: a verdict does not wait for Evidently, which follows in ``reports``.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from contract.features import FEATURE_NAMES
from monitoring.windows import drift
from monitoring.windows.drift import Columns
from monitoring.windows.metric import Metric
from monitoring.windows.reference import Reference

TRUTH: Final = "true_GradeClass"

Method = Callable[[str], str]


def drift_rows(name: str, column: str, p: float, effect: float, rows: int) -> list[Metric]:
    """Return the two figures of a column's drift, each with its method, threshold and judgement."""
    failed = drift.is_drifted(column, p, effect, rows)
    limit = drift.effect_threshold(column)
    test, method = drift.test_method(column), drift.effect_method(column)
    return [
        Metric(f"{name}_p", column, "", p, test, drift.P_THRESHOLD, failed),
        Metric(f"{name}_effect", column, "", effect, method, limit, effect >= limit),
    ]


def _drift(name: str, column: str, reference: Any, current: Any) -> list[Metric]:
    p = drift.p_value(column, reference, current)
    return drift_rows(name, column, p, drift.effect_size(column, reference, current), len(current))


def scored(columns: Columns, reference: Reference) -> list[Metric]:
    """Return drift of the nine features and the predicted class, range counts and means.

    ``columns`` are the reference's, with at least one row.
    """
    rows = len(columns[drift.PREDICTION])
    missing = sum(int(np.isnan(columns[name]).sum()) for name in drift.COLUMNS)
    metrics = [Metric("rows", "", "", float(rows)), Metric("missing", "", "count", float(missing))]
    for name in drift.COLUMNS:
        metrics += _drift("drift", name, reference.columns[name], columns[name])
    for name in FEATURE_NAMES:
        low, high = reference.bounds(name)
        count = float(((columns[name] < low) | (columns[name] > high)).sum())
        metrics.append(Metric("out_of_range", name, "count", count))
        metrics.append(Metric("out_of_range", name, "share", count / rows))
    means = [Metric("mean", name, "", float(columns[name].mean())) for name in drift.NUMERICAL]
    return metrics + means


def labelled(columns: Columns, reference: Reference) -> list[Metric]:
    """Return precision and recall over the grades present, and drift of the true grades' mix.

    ``columns`` are the predicted class (drift.PREDICTION) and TRUTH, whole numbers 0-4.
    """
    truth, predicted = columns[TRUTH], columns[drift.PREDICTION]
    present = np.union1d(truth, predicted)
    hits = [int(((truth == k) & (predicted == k)).sum()) for k in present]
    precision = _mean_share(hits, [int((predicted == k).sum()) for k in present])
    recall = _mean_share(hits, [int((truth == k).sum()) for k in present])
    return [
        Metric("precision", "", "present", precision),
        Metric("recall", "", "present", recall),
        *_drift("target_drift", drift.PREDICTION, reference.truth, truth),
    ]


def _mean_share(hits: list[int], totals: list[int]) -> float:
    """Return the mean of hits/total; a grade without a total counts as 0."""
    return float(
        np.mean([h / total if total else 0.0 for h, total in zip(hits, totals, strict=True)])
    )
