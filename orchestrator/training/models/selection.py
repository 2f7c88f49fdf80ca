"""The steps of the model_training pipeline up to a selected candidate."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from contract.scores import Floats, all_scores
from orchestrator.training.data.datasets import Dataset, latest_dataset, load_split
from orchestrator.training.data.split import RECENT, TEST, TRAIN, VALIDATION
from orchestrator.training.data.students import Students
from orchestrator.training.errors import ConversionError, SelectionError
from orchestrator.training.models.candidates import (
    RECENT_WEIGHT,
    RECENT_WEIGHT_NAME,
    Candidate,
    candidates_for,
)
from orchestrator.training.models.estimators import GradeModel
from orchestrator.training.models.parity import OnnxModel, Parity, measure_parity
from orchestrator.training.models.tuning import single_threaded_pool, tune
from orchestrator.training.progress import Progress, step, tell
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

MODEL_ARTIFACT = "model.onnx"
FEWEST_RECENT = 60
"""Recent training rows that selection goes by while a drift is open."""
SHOWN = [
    "title",
    "score",
    "validation_f1_macro",
    "validation_log_loss",
    "cv_f1_macro",
    "pruned",
    "seconds",
]


@dataclass(frozen=True)
class Trained:
    """One candidate tuned and fitted: its runs in MLflow, its scores, and why it is refused.

    ``score`` is what selection goes by: f1-macro on the validation rows or, while a drift is open,
    that of tuning on the recent rows, out of fold. ``noise`` is the share of random labels.
    """

    candidate: str
    title: str
    cv_f1_macro: float
    parameters: dict[str, Any]
    trials: int
    pruned: int
    run_id: str
    parent_run_id: str
    problem: str
    validation: dict[str, float]
    parity: Parity
    seconds: float
    score: float
    noise: float

    def row(self) -> dict[str, Any]:
        """Return the candidate as one row of the table in MLflow."""
        row = asdict(self) | {"parameters": json.dumps(self.parameters)}
        for prefix in ("validation", "parity"):
            row |= {f"{prefix}_{name}": value for name, value in row.pop(prefix).items()}
        return row


@dataclass(frozen=True)
class Candidates:
    """Every candidate of a run, in order of preference."""

    trained: tuple[Trained, ...]

    def best(self) -> Trained:
        """Return the best by ``score``; ties go to the simpler (earlier) one.

        Raises SelectionError, naming each refusal, if no candidate can be served.
        """
        able = [trained for trained in self.trained if not trained.problem]
        if not able:
            reasons = "; ".join(f"{each.candidate}: {each.problem}" for each in self.trained)
            raise SelectionError(f"no candidate can be served: {reasons}")
        return max(able, key=lambda trained: trained.score)


@step
def load_datasets(given: Dataset | None = None) -> Dataset:
    """Return the data set of the upstream block or, run by itself, the latest in S3."""
    services = Services.open()
    services.check()
    return given or latest_dataset(services.stores.artifacts)


@step
def tune_candidates(dataset: Dataset, variables: Variables) -> Candidates:
    """Tune every candidate, log each as a nested run with its ONNX model."""
    services = Services.open()
    tracking = services.tracking
    splits = read_splits(services, dataset)
    tags = {"pipeline": "model_training", "data": dataset.kind}
    with tracking.failing(tracking.start_run("model_training", tags)) as parent:
        tracking.log(parent, params={"dataset": dataset.dataset, **variables.as_dict()})
        candidates = candidates_for(splits[TRAIN])
        progress = Progress(variables.trials * len(candidates))
        with single_threaded_pool() as pool:
            # The slow ones stand last and are started first, so that neither core waits long.
            jobs = [
                pool.submit(
                    _try_candidate, services, candidate, splits, (parent, variables), progress.step
                )
                for candidate in reversed(candidates)
            ]
            result = Candidates(tuple(job.result() for job in reversed(jobs)))
        table = pd.DataFrame([trained.row() for trained in result.trained])
        tracking.log_files(parent, {"candidates.csv": table.to_csv(index=False).encode()})
    tell(f"Candidates:\n{table[SHOWN].round(3).to_string(index=False)}")
    return result


@step
def select_candidate(candidates: Candidates) -> Trained:
    """Return the best candidate; raises SelectionError if there is none."""
    with Services.open().tracking.failing(candidates.trained[0].parent_run_id):
        best = candidates.best()
    where = "on recent rows, out of fold" if RECENT_WEIGHT_NAME in best.parameters else "validation"
    tell(f"Selected: {best.title}, f1-macro {best.score:.3f} ({where})")
    return best


def read_splits(services: Services, dataset: Dataset) -> dict[str, Students]:
    """Return every split of the data set as arrays, by name."""
    return {
        name: Students.from_frame(load_split(services.stores.artifacts, dataset, name))
        for name in (TRAIN, VALIDATION, TEST, RECENT)
        if name in dataset.keys
    }


@lru_cache(maxsize=1)
def model_of(run_id: str) -> bytes:
    """Return the ONNX bytes a candidate's run stored in MLflow.

    Three blocks ask for them, and Mage hands on JSON, tables and estimators, no bytes. The blocks
    of one run share a process (run_pipeline_in_one_process), so they are fetched once; a block
    that is run again by itself fetches them again.
    """
    return Services.open().tracking.read_bytes(run_id, MODEL_ARTIFACT)


def _recent_weight(train: Students, variables: Variables) -> float | None:
    """Return how often recent rows count while a drift is open; None where they decide nothing."""
    enough = train.recent.sum() >= FEWEST_RECENT
    return RECENT_WEIGHT if variables.drift and enough else None


def _try_candidate(
    services: Services,
    candidate: Candidate,
    splits: dict[str, Students],
    run: tuple[str, Variables],
    on_trial: Callable[[], object],
) -> Trained:
    parent, variables = run
    tracking = services.tracking
    run_id = tracking.start_run(
        candidate.name, {"candidate": candidate.name, "pipeline": "model_training"}, parent
    )
    started = time.perf_counter()
    # The recent held-out rows are the gate's, which judges on rows that took no part in selection.
    train = splits[TRAIN]
    tuned = tune(
        candidate,
        train,
        variables.trials,
        variables.seed,
        on_trial,
        _recent_weight(train, variables),
    )
    model = candidate.fit(tuned.parameters, train, variables.seed)
    data, parity, problem = _convert(
        model, np.concatenate([split.features for split in splits.values()]), candidate.name
    )
    if problem:
        tell(f"{candidate.title} is refused: {problem}")
    else:
        tracking.log_files(run_id, {MODEL_ARTIFACT: data})
    answer = model.predict_proba if problem else OnnxModel(data).probabilities
    held_out = splits[VALIDATION]
    validation = all_scores(held_out.grades, answer(held_out.features), model.eps)
    trained = Trained(
        candidate=candidate.name,
        title=candidate.title,
        cv_f1_macro=tuned.f1_macro,
        parameters=tuned.parameters,
        trials=len(tuned.trials),
        pruned=sum(trial.pruned for trial in tuned.trials),
        run_id=run_id,
        parent_run_id=parent,
        problem=problem,
        validation=validation,
        parity=parity,
        seconds=time.perf_counter() - started,
        score=(tuned.f1_macro if _recent_weight(train, variables) else validation["f1_macro"]),
        noise=model.eps,
    )
    tracking.log(
        run_id,
        params=tuned.parameters,
        metrics={k: v for k, v in trained.row().items() if isinstance(v, (int, float))},
    )
    tracking.log_steps(run_id, "trial_f1_macro", [trial.f1_macro for trial in tuned.trials])
    tracking.end_run(run_id, "FAILED" if problem else "FINISHED")
    return trained


def _convert(model: GradeModel, features: Floats, name: str) -> tuple[bytes, Parity, str]:
    """Return the ONNX bytes, their parity, and why the candidate is refused (empty if it is not)."""
    try:
        data = model.to_onnx()
        parity = measure_parity(model, data, features)
    except ConversionError as error:
        return b"", Parity(0, 0, float("nan"), float("nan")), str(error)
    return data, parity, "" if parity.holds else f"{name} fails ONNX parity: {parity.describe()}"
