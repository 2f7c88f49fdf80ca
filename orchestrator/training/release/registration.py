"""Register a run's model in MLflow, and upload its bundle and monitoring's reference to S3."""

import numpy as np
import pandas as pd

from contract.bundle import BundleError, sha256_hex
from contract.features import FEATURE_NAMES
from contract.grades import GRADES, TARGET
from contract.scores import Floats
from orchestrator.training.data.datasets import STUDENT_ID
from orchestrator.training.data.students import RECENT_FLAG
from orchestrator.training.models.selection import Trained
from orchestrator.training.release.bundles import Facts, make_manifest
from orchestrator.training.release.gate import Verdict
from orchestrator.training.release.mlflow_model import FOLDER, mlflow_files
from orchestrator.training.release.publication import BundleStore
from orchestrator.training.services import Services


def register_version(services: Services, model: bytes, selection: Trained, verdict: Verdict) -> str:
    """Register the run's model, promoted or refused, with the gate's words; returns the version.

    Repeating it for the same run finds the version that stands.
    """
    tracking, run_id = services.tracking, selection.parent_run_id
    version = next(iter(tracking.versions_of(run_id)), None)
    while version is None or not _free_or_ours(services, version, model):
        # A registry made anew counts from 1 again while the bucket still holds old versions.
        tracking.log_files(run_id, mlflow_files(model))
        version = tracking.register(
            run_id,
            tracking.artifact_uri(run_id, FOLDER),
            {"candidate": selection.candidate, "sha256": sha256_hex(model)},
        )
    tracking.describe_version(version, f"{selection.title}\n\n{verdict.describe()}")
    tracking.tag_version(version, {"gate": verdict.decision})
    return version


def publish_version(
    services: Services, version: str, model: bytes, facts: Facts, reference: pd.DataFrame
) -> None:
    """Upload a registered version's bundle and monitoring reference; may be repeated."""
    features = reference[list(FEATURE_NAMES)].to_numpy(dtype=np.float64)
    manifest = make_manifest(model, version, facts, features)
    bundle = BundleStore.of(services).write(version, model, manifest)
    services.stores.artifacts.put_frame(f"reference/{version}.parquet", reference)
    services.tracking.tag_version(version, {"manifest_sha256": sha256_hex(bundle.manifest_data)})


def reference_table(train: pd.DataFrame, probabilities: Floats) -> pd.DataFrame:
    """Return monitoring's reference: training rows with answers (n, 5) to them, out of fold.

    A model's own answers to the rows it was fitted on flatter it: the floor they set for a forest
    is one that unchanged students never reach. ``recent`` rows are what the stream looked like when
    this version was made, which is the baseline for drift after a shift.
    """
    table = train[[STUDENT_ID, *FEATURE_NAMES, TARGET, RECENT_FLAG]].reset_index(drop=True)
    table[f"predicted_{TARGET}"] = probabilities.argmax(axis=1)
    for index, grade in enumerate(GRADES):
        table[f"p_{grade}"] = probabilities[:, index]
    return table


def _free_or_ours(services: Services, version: str, model: bytes) -> bool:
    try:
        standing = BundleStore.of(services).read(version)
    except BundleError:
        return True
    return standing is None or standing.model == model
