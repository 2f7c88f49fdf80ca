"""The pipelines' steps in order, as Mage calls them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from orchestrator.training.data import processing
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.evaluation import assessment
from orchestrator.training.models import selection
from orchestrator.training.release import promotion
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables
from tests.orchestrator.support.schools import ruled

VARIABLES = Variables.parse({"trials": 1, "repeats": 1, "seed": 7, "request_id": "first"})


def process(variables: Variables) -> dict[str, Any]:
    """Run data_processing."""
    raw = processing.load_students(variables)
    accepted = processing.validate_students(raw, variables)
    quality = processing.report_quality(accepted)
    frame = processing.split(accepted, variables)
    scaler = processing.scale(frame)
    dataset: dict[str, Any] = processing.export(frame, quality, scaler, variables)
    return dataset


def train(variables: Variables, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run model_training."""
    dataset = selection.load_datasets(given)
    candidates = selection.tune_candidates(dataset, variables)
    best = selection.select_candidate(candidates)
    scores = assessment.compare_candidates(dataset, candidates, variables)
    report = assessment.evaluate_candidate(dataset, best, variables)
    audit = assessment.audit_fairness(dataset, best, variables)
    verdict = promotion.decide_promotion(dataset, best, audit, variables)
    outcome: dict[str, Any] = promotion.publish_champion(
        dataset, best, report, verdict, scores, audit, variables
    )
    return outcome


def with_csv(path: str, **changes: Any) -> Variables:
    """Return the variables with a file named and bad rows skipped."""
    return Variables.parse(VARIABLES.as_dict() | {"csv": path, "skip_bad_rows": True} | changes)


def labelled_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` as newly labelled predictions, as Postgres hands them out."""
    frame = frame.assign(recent=True, StudentID=frame["StudentID"].astype(str))
    return frame.assign(Age=np.nan, Gender=np.nan, Ethnicity=np.nan, GPA=np.nan)


def newcomers(count: int, absences: float = 1.0) -> pd.DataFrame:
    """Return students nobody has seen; a day away costs ``absences`` times what it did."""
    frame = simulate_students(count, seed=77)
    frame["StudentID"] += 500_000
    return ruled(frame, absences)


def experiments(services: Services) -> list[str]:
    """Return the ids of all experiments."""
    return [
        experiment.experiment_id for experiment in services.tracking.client.search_experiments()
    ]
