"""Evaluate the selected candidate: scores with intervals, comparison, effects, pictures, to MLflow."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from orchestrator.training.candidates import BY_NAME
from orchestrator.training.ceiling import bayes_ceiling
from orchestrator.training.charts import (
    comparison_chart,
    confusion_chart,
    effects_chart,
    importance_chart,
    learning_chart,
    reliability_chart,
)
from orchestrator.training.comparison import REPEATS, REPEATS_OF_OTHERS, cross_validate
from orchestrator.training.datasets import AUDIT, Dataset, load_split
from orchestrator.training.effects import effect_curves, importances
from orchestrator.training.intervals import bootstrap
from orchestrator.training.learning import learning_curve
from orchestrator.training.metrics import all_scores, f1_by_grade
from orchestrator.training.parity import OnnxModel
from orchestrator.training.selection import (
    MODEL_ARTIFACT,
    best_of,
    chosen,
    parameters_of,
    read_splits,
)
from orchestrator.training.services import Services
from orchestrator.training.split import TEST, TRAIN, VALIDATION
from orchestrator.training.students import Students
from orchestrator.training.variables import Variables

LOGGER = logging.getLogger(__name__)
HEADLINE = ("accuracy", "f1_macro", "log_loss", "ece", "ordinal_error")
REPORT = "evaluation/report.json"
COMPARISON = "evaluation/comparison.csv"


def compare_candidates(
    dataset: dict[str, Any], candidates: pd.DataFrame, variables: Variables
) -> pd.DataFrame:
    """Cross-validate every candidate with its tuned parameters; log and return the table."""
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
            REPEATS if row["candidate"] == best else REPEATS_OF_OTHERS,
        )
        line = {"candidate": row["candidate"], "title": row["title"], "folds": found.folds}
        for name in HEADLINE:
            line |= {name: found.mean[name], f"{name}_error": found.error[name]}
        rows.append(line)
        numbers = {f"cv_{k}": v for k, v in line.items() if isinstance(v, float)}
        services.tracking.log(row["run_id"], metrics=numbers)
    table = pd.DataFrame(rows)
    run_id = str(candidates["parent_run_id"].iloc[0])
    ceiling = bayes_ceiling()
    services.tracking.log_bytes(run_id, COMPARISON, table.to_csv(index=False).encode())
    chart = comparison_chart(
        [(row["title"], row["f1_macro"], row["f1_macro_error"]) for row in rows],
        ceiling["f1_macro"],
    )
    services.tracking.log_bytes(run_id, "evaluation/candidates.png", chart)
    shown = table[["title", "accuracy", "f1_macro", "f1_macro_error", "log_loss", "ece"]]
    LOGGER.warning("Repeated cross-validation:\n%s", shown.round(3).to_string(index=False))
    return table


def evaluate_candidate(
    dataset: dict[str, Any], selection: dict[str, Any], variables: Variables
) -> dict[str, float]:
    """Evaluate the served model on the test split; log report and pictures, return the metrics."""
    services = Services.open()
    splits = read_splits(services, Dataset(**dataset))
    test, train, run_id = splits[TEST], splits[TRAIN], selection["parent_run_id"]
    model = OnnxModel(services.tracking.read_bytes(selection["run_id"], MODEL_ARTIFACT))
    candidate, parameters = chosen(selection)
    probabilities, gpa = model.predict(test.features)
    held_out = splits[VALIDATION].join(test)
    metrics = _metrics(selection, test, probabilities, gpa)
    curves = effect_curves(candidate, parameters, train, held_out, variables.seed)
    weights = importances(model.predict, held_out, variables.seed)
    growth = learning_curve(candidate, parameters, train, held_out, variables.seed)
    by_grade = f1_by_grade(test.grades, probabilities.argmax(axis=1))
    report = {
        "metrics": metrics,
        "intervals": bootstrap(test.grades, probabilities, variables.seed),
        "f1_by_grade": by_grade.tolist(),
        "test_rows_by_grade": np.bincount(test.grades, minlength=5).tolist(),
        "ceiling": bayes_ceiling(),
        "effects": [asdict(curve) | {"text": curve.describe()} for curve in curves],
        "importances": [asdict(item) for item in weights],
        "learning_curve": [asdict(point) for point in growth],
    }
    ceiling = bayes_ceiling()["f1_macro"]
    pictures = {
        "confusion": confusion_chart(test.grades, probabilities),
        "reliability": reliability_chart(test.grades, probabilities),
        "importance": importance_chart(weights),
        "effects": effects_chart(curves),
        "learning_curve": learning_chart(growth, ceiling),
    }
    services.tracking.log_json(run_id, REPORT, report)
    for name, picture in pictures.items():
        services.tracking.log_bytes(run_id, f"evaluation/{name}.png", picture)
    services.tracking.log(
        run_id, metrics=metrics, params={"selected_candidate": selection["candidate"]}
    )
    return metrics


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
