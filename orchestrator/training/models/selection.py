"""The steps of the model_training pipeline up to a selected candidate."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from contract.scores import all_scores
from orchestrator.training.data.datasets import Dataset, latest_dataset, load_split
from orchestrator.training.data.split import RECENT, TEST, TRAIN, VALIDATION
from orchestrator.training.data.students import Students
from orchestrator.training.errors import ConversionError, SelectionError
from orchestrator.training.evaluation.cross_validation import single_threaded_pool
from orchestrator.training.models.candidates import BY_NAME, CANDIDATES, Candidate
from orchestrator.training.models.parity import OnnxModel, Parity, measure_parity
from orchestrator.training.models.tuning import Tuned, tune
from orchestrator.training.progress import Progress, step, tell
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

MODEL_ARTIFACT = "model.onnx"
SHOWN = ["title", "validation_f1_macro", "validation_log_loss", "cv_f1_macro", "pruned", "seconds"]


@step
def load_datasets(given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the data set of the upstream block or, run by itself, the latest in S3."""
    services = Services.open()
    services.check()
    if given:
        return given
    return latest_dataset(services.stores.artifacts).as_dict()


@step
def tune_candidates(dataset: dict[str, Any], variables: Variables) -> pd.DataFrame:
    """Tune every candidate, log each as a nested run with its ONNX model, return the table."""
    services = Services.open()
    described = Dataset(**dataset)
    splits = read_splits(services, described)
    parent = services.tracking.start_run(
        "model_training", {"pipeline": "model_training", "data": described.kind}
    )
    try:
        services.tracking.log(parent, params={"dataset": described.dataset, **variables.as_dict()})
        progress = Progress(variables.trials * len(CANDIDATES))
        with single_threaded_pool() as pool:
            # The slow ones stand last and are started first, so that neither core waits long.
            jobs = [
                pool.submit(
                    _try_candidate, services, candidate, splits, (parent, variables), progress.step
                )
                for candidate in reversed(CANDIDATES)
            ]
            table = pd.DataFrame([job.result() for job in reversed(jobs)])
        services.tracking.log_bytes(parent, "candidates.csv", table.to_csv(index=False).encode())
    except BaseException:
        services.tracking.end_run(parent, "FAILED")
        raise
    tell(f"Candidates:\n{table[SHOWN].round(3).to_string(index=False)}")
    return table


def select_candidate(table: pd.DataFrame) -> dict[str, Any]:
    """Return the best candidate's row as JSON values; raises SelectionError if there is none."""
    try:
        best = best_of(table)
    except SelectionError:
        Services.open().tracking.end_run(str(table["parent_run_id"].iloc[0]), "FAILED")
        raise
    tell(f"Selected: {best['title']}, validation f1-macro {best['validation_f1_macro']:.3f}")
    return best


def best_of(table: pd.DataFrame) -> dict[str, Any]:
    """Return the row with the best validation f1-macro; ties go to the simpler (earlier) one.

    Raises SelectionError, naming each refusal, if no candidate can be served.
    """
    able = table[table["problem"] == ""]
    if able.empty:
        reasons = "; ".join(f"{row.candidate}: {row.problem}" for row in table.itertuples())
        raise SelectionError(f"no candidate can be served: {reasons}")
    best = able.iloc[int(able["validation_f1_macro"].to_numpy().argmax())].to_dict()
    return {key: value.item() if hasattr(value, "item") else value for key, value in best.items()}


def read_splits(services: Services, dataset: Dataset) -> dict[str, Students]:
    """Return every split of the data set as arrays, by name."""
    return {
        name: Students.from_frame(load_split(services.stores.artifacts, dataset, name))
        for name in (TRAIN, VALIDATION, TEST, RECENT)
        if name in dataset.keys
    }


def selection_rows(splits: dict[str, Students]) -> Students:
    """Return the rows candidates are selected on: validation, and recent ones if there are any."""
    validation = splits[VALIDATION]
    return validation.join(splits[RECENT]) if RECENT in splits else validation


def _try_candidate(
    services: Services,
    candidate: Candidate,
    splits: dict[str, Students],
    run: tuple[str, Variables],
    on_trial: Callable[[], object],
) -> dict[str, Any]:
    parent, variables = run
    tracking = services.tracking
    run_id = tracking.start_run(
        candidate.name, {"candidate": candidate.name, "pipeline": "model_training"}, parent
    )
    started = time.perf_counter()
    tuned = tune(candidate, splits[TRAIN], variables.trials, variables.seed, on_trial)
    row: dict[str, Any] = {
        "candidate": candidate.name,
        "title": candidate.title,
        "cv_f1_macro": tuned.f1_macro,
        "parameters": json.dumps(tuned.parameters),
        "trials": len(tuned.trials),
        "pruned": sum(trial.pruned for trial in tuned.trials),
        "run_id": run_id,
        "parent_run_id": parent,
        "problem": "",
    }
    row |= _fit_and_score(services, candidate, splits, (run_id, tuned, variables.seed))
    row["seconds"] = time.perf_counter() - started
    numbers = {k: v for k, v in row.items() if isinstance(v, (int, float))}
    tracking.log(run_id, params=tuned.parameters, metrics=numbers)
    tracking.log_steps(run_id, "trial_f1_macro", [trial.f1_macro for trial in tuned.trials])
    tracking.end_run(run_id, "FAILED" if row["problem"] else "FINISHED")
    return row


def _fit_and_score(
    services: Services,
    candidate: Candidate,
    splits: dict[str, Students],
    run: tuple[str, Tuned, int],
) -> dict[str, Any]:
    run_id, tuned, seed = run
    train, rest = splits[TRAIN], selection_rows(splits)
    model = candidate.build(tuned.parameters, seed).fit(train.features, train.grades, train.gpa)
    everyone = train.join(rest).join(splits[TEST])
    try:
        data = model.to_onnx()
        parity = measure_parity(model, data, everyone.features)
    except ConversionError as error:
        parity, data, problem = Parity(0, 0, float("nan"), float("nan")), b"", str(error)
    else:
        problem = "" if parity.holds else f"{candidate.name} fails ONNX parity: {parity}"
    if not problem:
        services.tracking.log_bytes(run_id, MODEL_ARTIFACT, data)
        probabilities, _gpa = OnnxModel(data).predict(rest.features)
    else:
        tell(f"{candidate.title} is refused: {problem}")
        probabilities = model.predict_proba(rest.features)
    scores = all_scores(rest.grades, probabilities)
    return {f"validation_{name}": value for name, value in scores.items()} | {
        "parity_rows": parity.rows,
        "parity_flips": parity.flips,
        "parity_max_difference": parity.max_difference,
        "parity_max_gpa_difference": parity.max_gpa_difference,
        "problem": problem,
    }


def chosen(selection: dict[str, Any]) -> tuple[Candidate, dict[str, Any]]:
    """Return the selected candidate and its parameters."""
    return BY_NAME[selection["candidate"]], parameters_of(selection)


def parameters_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return the tuned parameters in a row of the candidates' table."""
    return dict(json.loads(row["parameters"]))
