"""Evaluate the selected candidate: scores with intervals, comparison, effects, pictures, to MLflow."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from contract.scores import all_scores, f1_by_grade
from orchestrator.training.data.datasets import AUDIT, Dataset, load_split
from orchestrator.training.data.split import TEST, TRAIN, VALIDATION
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.ceiling import bayes_ceiling
from orchestrator.training.evaluation.charts import (
    comparison_chart,
    confusion_chart,
    effects_chart,
    importance_chart,
    learning_chart,
    reliability_chart,
)
from orchestrator.training.evaluation.cross_validation import OTHERS, cross_validate
from orchestrator.training.evaluation.effects import Effect, Importance, effect_curves, importances
from orchestrator.training.evaluation.intervals import bootstrap
from orchestrator.training.evaluation.learning_curve import CurvePoint, learning_curve
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.models.selection import (
    MODEL_ARTIFACT,
    best_of,
    chosen,
    parameters_of,
    read_splits,
)
from orchestrator.training.progress import pretty, step, tell
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

HEADLINE = ("accuracy", "f1_macro", "log_loss", "ece", "ordinal_error")
REPORT = "evaluation/report.json"
COMPARISON = "evaluation/comparison.csv"


@step
def compare_candidates(
    dataset: dict[str, Any], candidates: pd.DataFrame, variables: Variables
) -> pd.DataFrame:
    """Cross-validate every candidate with its tuned parameters; log and return the table.

    ``variables.repeats`` times for the selected one, at most OTHERS for the others; with 0
    the table is empty.
    """
    if not variables.repeats:
        tell("Repeated cross-validation: left out (repeats = 0)")
        return pd.DataFrame(columns=["candidate", "title"])
    services = Services.open()
    frame = load_split(services.stores.artifacts, Dataset(**dataset), AUDIT)
    students = Students.from_frame(frame)
    rows = []
    best = best_of(candidates)["candidate"]
    for row in candidates.to_dict("records"):
        found = cross_validate(
            BY_NAME[row["candidate"]],
            parameters_of(row),
            students,
            variables.seed,
            variables.repeats if row["candidate"] == best else min(variables.repeats, OTHERS),
        )
        line = {"candidate": row["candidate"], "title": row["title"], "folds": found.folds}
        for name in HEADLINE:
            line |= {name: found.mean[name], f"{name}_se": found.error[name]}
        rows.append(line)
        numbers = {f"cv_{k}": v for k, v in line.items() if isinstance(v, float)}
        services.tracking.log(row["run_id"], metrics=numbers)
    table = pd.DataFrame(rows)
    run_id = str(candidates["parent_run_id"].iloc[0])
    ceiling = bayes_ceiling()
    chart = comparison_chart(
        [(row["title"], row["f1_macro"], row["f1_macro_se"]) for row in rows],
        ceiling["f1_macro"],
    )
    services.tracking.log_files(
        run_id,
        {COMPARISON: table.to_csv(index=False).encode(), "evaluation/candidates.png": chart},
    )
    shown = table[["title", "accuracy", "f1_macro", "f1_macro_se", "log_loss", "ece"]]
    tell(f"Repeated cross-validation:\n{shown.round(3).to_string(index=False)}")
    return table


@step
def evaluate_candidate(
    dataset: dict[str, Any], selection: dict[str, Any], variables: Variables
) -> dict[str, float]:
    """Evaluate the served model on the test split; log report and pictures, return the metrics."""
    services = Services.open()
    splits = read_splits(services, Dataset(**dataset))
    test, run_id = splits[TEST], selection["parent_run_id"]
    model = OnnxModel(services.tracking.read_bytes(selection["run_id"], MODEL_ARTIFACT))
    probabilities, gpa = model.predict(test.features)
    metrics = _metrics(selection, test, probabilities, gpa)
    insight = _insight(selection, splits, model, variables.seed)
    by_grade = f1_by_grade(test.grades, probabilities.argmax(axis=1))
    report = {
        "metrics": metrics,
        "intervals": bootstrap(test.grades, probabilities, variables.seed),
        "f1_by_grade": by_grade.tolist(),
        "test_rows_by_grade": np.bincount(test.grades, minlength=5).tolist(),
        "ceiling": bayes_ceiling(),
        "effects": [asdict(curve) | {"text": curve.describe()} for curve in insight.curves],
        "importances": [asdict(item) for item in insight.importances],
        "learning_curve": [asdict(point) for point in insight.growth],
    }
    pictures = _pictures(test, probabilities, insight)
    services.tracking.log_files(
        run_id,
        {REPORT: pretty(report)}
        | {f"evaluation/{name}.png": picture for name, picture in pictures.items()},
    )
    services.tracking.log(
        run_id, metrics=metrics, params={"selected_candidate": selection["candidate"]}
    )
    return metrics


@dataclass(frozen=True)
class _Insight:
    curves: list[Effect]
    importances: list[Importance]
    growth: list[CurvePoint]


def _insight(
    selection: dict[str, Any], splits: dict[str, Students], model: OnnxModel, seed: int
) -> _Insight:
    candidate, parameters = chosen(selection)
    train, held_out = splits[TRAIN], splits[VALIDATION].join(splits[TEST])
    return _Insight(
        effect_curves(candidate, parameters, train, held_out, seed),
        importances(model.predict, held_out, seed),
        learning_curve(candidate, parameters, train, held_out, seed),
    )


def _pictures(test: Students, probabilities: Any, insight: _Insight) -> dict[str, bytes]:
    return {
        "confusion": confusion_chart(test.grades, probabilities),
        "reliability": reliability_chart(test.grades, probabilities),
        "importance": importance_chart(insight.importances),
        "effects": effects_chart(insight.curves),
        "learning_curve": learning_chart(insight.growth, bayes_ceiling()["f1_macro"]),
    }


def _metrics(
    selection: dict[str, Any], test: Students, probabilities: Any, gpa: Any
) -> dict[str, float]:
    given = all_scores(test.grades, probabilities)
    clean = all_scores(test.clean_grades, probabilities)
    return (
        given
        | {f"test_{name}": value for name, value in given.items()}
        | {f"test_clean_{name}": value for name, value in clean.items()}
        | {"test_gpa_mae": float(np.nanmean(np.abs(gpa - test.gpa)))}
        | {k: float(v) for k, v in selection.items() if k.startswith("validation_")}
    )
