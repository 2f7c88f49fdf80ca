"""The one place that knows Evidently (0.7.23): frames in, metric rows and a report out.

Importing Evidently costs some nine seconds of CPU and 280 MB, so it happens on first use, never on
anyone's import path.
"""

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from contract.features import FEATURE_NAMES, FEATURES
from monitoring.errors import MetricError
from monitoring.windows import drift
from monitoring.windows.drift import Columns
from monitoring.windows.figures import TRUTH, drift_rows
from monitoring.windows.metric import Metric
from monitoring.windows.reference import Reference

_LOCK: Final = threading.Lock()
_LOADED: dict[str, Any] = {}


class Evaluation(NamedTuple):
    """Figures of a window and, on request, Evidently's HTML page of it (about 4 MB)."""

    metrics: list[Metric]
    html: Callable[[], str]


def load() -> dict[str, Any]:
    """Import Evidently once and register the two-sample chi-square with it."""
    with _LOCK:
        if _LOADED:
            return _LOADED
        os.environ["DO_NOT_TRACK"] = "1"  # it posts telemetry on import otherwise
        # pylint: disable=import-outside-toplevel
        import evidently
        import pandas
        from evidently import metrics
        from evidently.legacy.calculations.stattests import StatTest, register_stattest
        from evidently.legacy.core import ColumnType
        from sklearn.exceptions import UndefinedMetricWarning

        # a window without an A is no fault: f1 of an absent grade counts as 0, and is said to
        warnings.filterwarnings("ignore", category=UndefinedMetricWarning)

        def two_sample(reference: Any, current: Any, _kind: Any, threshold: float) -> Any:
            p = drift.chi_square(reference.to_numpy(), current.to_numpy())
            return p, p < threshold

        test = StatTest(
            name=drift.TWO_SAMPLE_CHI_SQUARE,
            display_name="two-sample chi-square p_value",
            allowed_feature_types=[ColumnType.Categorical],
            default_threshold=drift.P_THRESHOLD,
        )
        register_stattest(test, two_sample)
        _LOADED.update(evidently=evidently, metrics=metrics, pandas=pandas)
        return _LOADED


def _float(value: Any) -> float:
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise MetricError(f"Evidently answered {type(value).__name__} where a number is due")
    return float(value)


def _part(value: Any, key: str) -> float:
    if not isinstance(value, dict) or key not in value:
        raise MetricError(f"Evidently's answer lacks {key!r}")
    return _float(value[key])


def _run(
    asked: list[Any], definition: Any, current: Columns, reference: Columns
) -> tuple[list[Any], Callable[[], str]]:
    """Run a report and return the values in the order asked, and what makes its page."""
    evidently, pandas = load()["evidently"], load()["pandas"]
    snapshot = evidently.Report(asked, include_tests=False).run(
        evidently.Dataset.from_pandas(pandas.DataFrame(current), definition),
        evidently.Dataset.from_pandas(pandas.DataFrame(reference), definition),
    )
    answers = snapshot.dict()["metrics"]
    kinds = [str(answer["config"]["type"]).rsplit(":", maxsplit=1)[-1] for answer in answers]
    expected = [type(metric).__name__ for metric in asked]
    if kinds != expected:
        raise MetricError(f"Evidently answered {kinds} to {expected}")
    values = [answer["value"] for answer in answers]
    return values, lambda: str(snapshot.get_html_str(as_iframe=False))


def _drift_metrics(column: str, method: Callable[[str], str]) -> list[Any]:
    """Return the test and the effect size of a column; never Evidently's automatic choice."""
    value_drift = load()["metrics"].ValueDrift
    return [
        value_drift(column=column, method=method(column), threshold=drift.P_THRESHOLD),
        value_drift(
            column=column,
            method=drift.effect_method(column),
            threshold=drift.effect_threshold(column),
        ),
    ]


def _scored_questions(reference: Reference) -> list[Any]:
    metrics = load()["metrics"]
    asked: list[Any] = [metrics.RowCount(), metrics.DatasetMissingValueCount()]
    for column in drift.COLUMNS:
        asked += _drift_metrics(column, drift.test_method)
    for feature in FEATURES:
        low, high = reference.bounds(feature.name)
        if feature.name in drift.NUMERICAL:
            asked.append(metrics.OutRangeValueCount(column=feature.name, left=low, right=high))
        else:
            seen = list(range(int(low), int(high) + 1))
            asked.append(metrics.OutListValueCount(column=feature.name, values=seen))
    return asked + [metrics.MeanValue(column=column) for column in drift.NUMERICAL]


def _scored_answers(values: Iterator[Any]) -> list[Metric]:
    rows = int(_float(next(values)))
    metrics = [Metric("rows", "", "", float(rows))]
    metrics.append(Metric("missing", "", "count", _part(next(values), "count")))
    for column in drift.COLUMNS:
        p, effect = _float(next(values)), _float(next(values))
        metrics += drift_rows("drift", column, p, effect, rows)
    for column in FEATURE_NAMES:
        count = _part(next(values), "count")
        metrics.append(Metric("out_of_range", column, "count", count))
        metrics.append(Metric("out_of_range", column, "share", count / rows))
    means = [Metric("mean", column, "", _float(next(values))) for column in drift.NUMERICAL]
    return metrics + means


def evaluate_scored(columns: Columns, reference: Reference) -> Evaluation:
    """Return drift of the nine features and the predicted class, quality and range counts.

    ``columns`` are the reference's, with at least one row (Evidently fails on none).
    """
    definition = load()["evidently"].DataDefinition(
        numerical_columns=list(drift.NUMERICAL), categorical_columns=list(drift.CATEGORICAL)
    )
    values, page = _run(_scored_questions(reference), definition, columns, reference.columns)
    return Evaluation(_scored_answers(iter(values)), page)


def evaluate_labelled(columns: Columns, reference: Reference) -> Evaluation:
    """Return precision, recall and target drift of labelled rows, and the page of performance.

    ``columns`` are the predicted class (drift.PREDICTION) and TRUTH, whole numbers 0-4. Evidently's
    scores cover the labels present only; accuracy and f1 over all five grades are the contract's.
    """
    loaded = load()
    metrics, evidently = loaded["metrics"], loaded["evidently"]
    definition = evidently.DataDefinition(
        categorical_columns=[drift.PREDICTION, TRUTH],
        classification=[
            evidently.MulticlassClassification(target=TRUTH, prediction_labels=drift.PREDICTION)
        ],
    )
    against = {drift.PREDICTION: reference.predicted, TRUTH: reference.truth}
    asked = [metrics.Accuracy(), metrics.F1ByLabel(), metrics.Precision(), metrics.Recall()]
    asked += _drift_metrics(TRUTH, lambda _: drift.TWO_SAMPLE_CHI_SQUARE)
    values, page = _run(asked, definition, columns, against)
    precision, recall, p, effect = map(_float, values[2:])
    figures = [
        Metric("precision", "", "present", precision),
        Metric("recall", "", "present", recall),
    ]
    figures += drift_rows("target_drift", drift.PREDICTION, p, effect, len(columns[TRUTH]))
    return Evaluation(figures, page)
