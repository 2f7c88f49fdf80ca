"""Register a run's model in MLflow, and upload its bundle and monitoring's reference to S3."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from contract.bundle import sha256_hex
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
from orchestrator.training.tracking import Tracking


def register_version(services: Services, model: bytes, selection: Trained, verdict: Verdict) -> str:
    """Register the run's model, promoted or refused, with the gate's words; returns the version.

    Repeating it for the same run finds the version that stands.
    """
    tracking, run_id = services.tracking, selection.parent_run_id
    bundles = BundleStore.of(services)
    version = register_model(tracking, bundles, run_id, model, {"candidate": selection.candidate})
    tracking.describe_version(version, f"{selection.title}\n\n{verdict.describe()}")
    tracking.tag_version(version, {"gate": verdict.decision})
    return version


def register_model(
    tracking: Tracking, bundles: BundleStore, run_id: str, model: bytes, tags: Mapping[str, str]
) -> str:
    """Register ``model`` as the run's, unless it is already; returns a version free in the bucket."""
    version = next(iter(tracking.versions_of(run_id)), None)
    while version is None or not bundles.free_or(model, version):
        # A registry made anew counts from 1 again while the bucket still holds old versions.
        tracking.log_files(run_id, mlflow_files(model))
        version = tracking.register(
            run_id,
            tracking.artifact_uri(run_id, FOLDER),
            {**tags, "sha256": sha256_hex(model)},
        )
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
