"""The steps of the model_training pipeline from a selected candidate to a verdict and champion."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from contract.bundle import BundleError, sha256_hex
from contract.features import FEATURE_NAMES
from contract.grades import GRADES, TARGET
from contract.scores import f1_macro
from orchestrator.training.data.datasets import AUDIT, STUDENT_ID, Dataset, load_split
from orchestrator.training.data.split import RECENT, TRAIN, VALIDATION
from orchestrator.training.data.students import Students
from orchestrator.training.errors import ConversionError
from orchestrator.training.evaluation.assessment import REPORT
from orchestrator.training.evaluation.fairness import Gap, audit
from orchestrator.training.evaluation.folds import out_of_fold
from orchestrator.training.models.parity import OnnxModel, Parity
from orchestrator.training.models.selection import (
    MODEL_ARTIFACT,
    chosen,
    read_splits,
)
from orchestrator.training.progress import pretty, step, tell
from orchestrator.training.release.bundles import Facts, make_manifest
from orchestrator.training.release.card import model_card
from orchestrator.training.release.gate import Evidence, compare, decide
from orchestrator.training.release.mlflow_model import FOLDER, mlflow_files
from orchestrator.training.release.publication import move_champion, recover
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

FEWEST_RECENT = 50
GROUPS, GAPS = "fairness/groups.csv", "fairness/gaps.csv"
CARD = "model_card.md"
LATEST_OUTCOME = "outcomes/latest.json"


@step
def audit_fairness(
    dataset: dict[str, Any], selection: dict[str, Any], variables: Variables
) -> pd.DataFrame:
    """Audit out-of-fold answers of the selected candidate; returns the gaps as a table."""
    services = Services.open()
    frame = load_split(services.stores.artifacts, Dataset(**dataset), AUDIT)
    students = Students.from_frame(frame)
    candidate, parameters = chosen(selection)
    answers = out_of_fold(candidate, parameters, students, variables.seed)
    result = audit(frame, students.grades, answers, variables.seed)
    run_id = selection["parent_run_id"]
    groups = result.groups_table().to_csv(index=False).encode()
    gaps = result.gaps_table()
    services.tracking.log_files(run_id, {GROUPS: groups, GAPS: gaps.to_csv(index=False).encode()})
    return gaps


@step
def decide_promotion(
    dataset: dict[str, Any], selection: dict[str, Any], gaps: pd.DataFrame, variables: Variables
) -> dict[str, Any]:
    """Put the evidence together, ask the gate, store the verdict in MLflow."""
    services = Services.open()
    recovered = recover(services.bundles, services.tracking)
    if recovered:
        tell(f"Finished the interrupted move of the champion to version {recovered}")
    splits = read_splits(services, Dataset(**dataset))
    recent = splits.get(RECENT)
    use_recent = recent is not None and len(recent) >= FEWEST_RECENT
    usual = splits[VALIDATION]
    rows = recent if recent is not None and use_recent else usual
    model = OnnxModel(services.tracking.read_bytes(selection["run_id"], MODEL_ARTIFACT))
    ours, _gpa = model.predict(rows.features)
    champion, theirs, problem = _champion_answers(services, rows)
    evidence = Evidence(
        challenger=selection["candidate"],
        rows_name="recently labelled" if use_recent else "validation",
        rows=len(usual),
        f1=f1_macro(usual.grades, model.predict(usual.features)[0]),
        parity=Parity(
            int(selection["parity_rows"]),
            int(selection["parity_flips"]),
            float(selection["parity_max_difference"]),
            float(selection["parity_max_gpa_difference"]),
        ),
        gaps=tuple(_gap(row) for row in gaps.to_dict("records")),
        comparison=None if theirs is None else compare(rows.grades, ours, theirs, variables.seed),
        champion=champion,
        champion_problem=problem,
    )
    verdict = decide(evidence)
    tell(f"Gate: {'promoted' if verdict.promoted else 'refused'}")
    run_id = selection["parent_run_id"]
    services.tracking.log_files(
        run_id,
        {
            "gate/verdict.json": pretty({**verdict.as_dict(), "evidence": asdict(evidence)}),
            "gate/verdict.md": verdict.describe().encode(),
        },
    )
    services.tracking.log(run_id, tags={"gate": "promoted" if verdict.promoted else "refused"})
    return {**verdict.as_dict(), "champion_before": champion}


@step
def publish_champion(
    dataset: dict[str, Any],
    selection: dict[str, Any],
    metrics: dict[str, float],
    verdict: dict[str, Any],
    comparison: pd.DataFrame,
    variables: Variables,
) -> dict[str, Any]:
    """Register, publish and promote if the gate said so; store and return the outcome."""
    services = Services.open()
    run_id = selection["parent_run_id"]
    write_card(services, dataset, selection, verdict, comparison)
    model = services.tracking.read_bytes(selection["run_id"], MODEL_ARTIFACT)
    challenger = register_version(services, model, run_id, selection, verdict)
    if verdict["promoted"]:
        train = load_split(services.stores.artifacts, Dataset(**dataset), TRAIN)
        gate = {"promoted": True, "reasons": verdict["reasons"]}
        facts = Facts(services.settings.model_name, run_id, metrics, gate)
        publish_version(services, challenger, model, facts, train)
        move_champion(services.bundles, services.tracking, challenger)
    outcome = {
        "request_id": variables.request_id,
        "promoted": bool(verdict["promoted"]),
        "version": challenger if verdict["promoted"] else None,
        "registered_version": challenger,
        "champion_before": verdict["champion_before"],
        "reasons": verdict["reasons"],
        "run_id": run_id,
        "candidate": selection["candidate"],
        "dataset": dataset["dataset"],
        "data": dataset["kind"],
        "metrics": metrics,
    }
    services.stores.artifacts.put_json(f"outcomes/{variables.request_id}.json", outcome)
    services.stores.artifacts.put_json(LATEST_OUTCOME, outcome)
    services.tracking.log_bytes(run_id, "outcome.json", pretty(outcome))
    services.tracking.end_run(run_id)
    return outcome


def register_version(
    services: Services,
    model: bytes,
    run_id: str,
    selection: dict[str, Any],
    verdict: dict[str, Any],
) -> str:
    """Register the run's model, promoted or refused, with the gate's words; returns the version.

    Repeating it for the same run finds the version that stands.
    """
    tracking = services.tracking
    version = next(iter(tracking.versions_of(run_id)), None)
    while version is None or not _free_or_ours(services, version, model):
        # A registry made anew counts from 1 again while the bucket still holds old versions.
        tracking.log_files(run_id, mlflow_files(model))
        version = tracking.register(
            run_id,
            tracking.artifact_uri(run_id, FOLDER),
            {"candidate": selection["candidate"], "sha256": sha256_hex(model)},
        )
    decision = "promoted" if verdict["promoted"] else "refused"
    reasons = "\n".join(f"- {reason}" for reason in verdict["reasons"])
    tracking.describe_version(version, f"{selection['title']}\n\n**{decision.upper()}**\n{reasons}")
    tracking.tag_version(version, {"gate": decision})
    return version


def publish_version(
    services: Services, version: str, model: bytes, facts: Facts, train: pd.DataFrame
) -> None:
    """Upload a registered version's bundle and monitoring reference; may be repeated."""
    features = train[list(FEATURE_NAMES)].to_numpy(dtype=np.float64)
    manifest = make_manifest(model, version, facts, features)
    bundle = services.bundles.write(version, model, manifest)
    services.stores.artifacts.put_frame(
        f"reference/{version}.parquet", reference_table(train, model)
    )
    services.tracking.tag_version(version, {"manifest_sha256": sha256_hex(bundle.manifest_data)})


def write_card(
    services: Services,
    dataset: dict[str, Any],
    selection: dict[str, Any],
    verdict: dict[str, Any],
    comparison: pd.DataFrame,
) -> None:
    """Write the model card from the run's own artifacts and store it beside them."""
    run_id = selection["parent_run_id"]

    def table(path: str) -> pd.DataFrame:
        return pd.read_csv(io.BytesIO(services.tracking.read_bytes(run_id, path)))

    card = model_card(
        dataset,
        selection,
        json.loads(services.tracking.read_bytes(run_id, REPORT)),
        {"comparison": comparison, "groups": table(GROUPS), "gaps": table(GAPS)},
        verdict,
    )
    services.tracking.log_bytes(run_id, CARD, card.encode())


def reference_table(train: pd.DataFrame, model: bytes) -> pd.DataFrame:
    """Return monitoring's reference: training rows with the served model's answers to them."""
    features = train[list(FEATURE_NAMES)].to_numpy(dtype=np.float64)
    probabilities, gpa = OnnxModel(model).predict(features)
    table = train[[STUDENT_ID, *FEATURE_NAMES, TARGET]].reset_index(drop=True)
    table[f"predicted_{TARGET}"] = probabilities.argmax(axis=1)
    for index, grade in enumerate(GRADES):
        table[f"p_{grade}"] = probabilities[:, index]
    table["gpa"] = gpa
    # Newly labelled predictions carry negative ids (see labelled.py): what the stream looked like
    # when this version was made, which is the baseline for drift after a shift.
    table["recent"] = table[STUDENT_ID] < 0
    return table


def _free_or_ours(services: Services, version: str, model: bytes) -> bool:
    try:
        standing = services.bundles.read(version)
    except BundleError:
        return True
    return standing is None or standing.model == model


def _champion_answers(
    services: Services, rows: Students
) -> tuple[str | None, np.ndarray[Any, Any] | None, str | None]:
    pointer, stored = services.bundles.pointer()
    if stored is None:
        return None, None, None
    if pointer is None:
        return None, None, "champion.json cannot be read"
    try:
        bundle = services.bundles.read(pointer.version)
        if bundle is None:
            return pointer.version, None, f"version {pointer.version} is incomplete"
        answers, _gpa = OnnxModel(bundle.model).predict(rows.features)
    except (BundleError, ConversionError) as error:
        return pointer.version, None, str(error)
    return pointer.version, answers, None


def _gap(row: dict[str, Any]) -> Gap:
    return Gap(
        str(row["attribute"]),
        str(row["score"]),
        int(row["group"]),
        float(row["gap"]),
        float(row["low"]),
        float(row["high"]),
        float(row["p_value"]),
    )
