"""Bring a version that another environment proved into this one: the same bytes, judged again here.

The order is publication's: register, model, manifest, reference, alias, pointer. Until the pointer
moves, which it does conditionally, the old champion serves; repeated after a crash it goes on with
the version that it registered.
"""

import os
from dataclasses import dataclass
from typing import Self

from contract.bundle import BundleError
from contract.environment import read
from orchestrator.training.data.datasets import LATEST, latest_dataset, load_split
from orchestrator.training.data.split import TEST, TRAIN
from orchestrator.training.data.students import Students
from orchestrator.training.errors import PublicationError
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.release.gate import Verdict
from orchestrator.training.release.inspection import inspect
from orchestrator.training.release.parcel import Parcel
from orchestrator.training.release.publication import Bundle, BundleStore, move_champion, recover
from orchestrator.training.release.registration import reference_table, register_model
from orchestrator.training.settings import Buckets, Settings
from orchestrator.training.storage import ObjectStore, Stores
from orchestrator.training.tracking import Tracking

SOURCE_TAG = "promoted_manifest"
"""The run of a delivery carries the sha256 of the manifest it brought."""


@dataclass(frozen=True)
class Target:
    """An environment that takes models; where nothing trains it has no registry and no rows."""

    model_name: str
    bundles: BundleStore
    artifacts: ObjectStore
    registry: Tracking | None

    @classmethod
    def open(cls) -> Self:
        """Make the clients from the environment's variables; raises SettingsError."""
        buckets = read(Buckets, os.environ)
        registry = None
        if os.environ.get("MLFLOW_TRACKING_URI"):
            registry = Tracking(Settings.from_environment())
            registry.check()
        stores = Stores.open(buckets)
        bundles = BundleStore(stores.models, buckets.model_name)
        return cls(buckets.model_name, bundles, stores.artifacts, registry)


@dataclass(frozen=True)
class Arrival:
    """What became of a delivery; ``moved`` is False where this very model was the champion."""

    origin: str
    promoted: bool
    moved: bool
    version: str | None
    champion_before: str | None
    reasons: list[str]


def deliver(parcel: Parcel, target: Target) -> Arrival:
    """Judge, register and publish; returns a refusal in words, and may be repeated.

    Raises BundleError, PublicationError or ServiceError.
    """
    bundles, origin = target.bundles, f"{parcel.origin}/{parcel.bundle.version}"
    if parcel.bundle.manifest.name != target.model_name:
        raise PublicationError(f"{origin} is no version of {target.model_name}")
    if target.registry is not None:
        recover(bundles, target.registry)
    champion, judged = _champion(bundles)
    if champion is not None and champion.model == parcel.bundle.model:
        reasons = [f"Version {champion.version} holds this very model."]
        return Arrival(origin, True, False, champion.version, champion.version, reasons)
    trains = target.registry is not None and target.artifacts.get(LATEST) is not None
    dataset = latest_dataset(target.artifacts) if trains else None
    rows = None
    if dataset is not None:
        rows = Students.from_frame(load_split(target.artifacts, dataset, TEST))
    verdict = inspect(parcel.bundle, rows, champion)
    before = champion.version if champion else None
    if not verdict.promoted:
        return Arrival(origin, False, False, None, before, verdict.reasons)
    version = _number(parcel, target, verdict)
    bundles.write(version, parcel.bundle.model, parcel.manifest_as(version))
    if dataset is not None:
        # What "normal" looks like is this environment's to say, not the source's.
        train = load_split(target.artifacts, dataset, TRAIN)
        # The model was fitted on none of them.
        answers = OnnxModel(parcel.bundle.model).probabilities(Students.from_frame(train).features)
        reference = reference_table(train, answers)
        target.artifacts.put_frame(f"reference/{version}.parquet", reference)
    if bundles.pointer()[1] != judged:
        raise PublicationError("the champion moved while this version was judged: repeat it")
    moved = move_champion(bundles, target.registry, version)
    return Arrival(origin, True, moved, version, before, verdict.reasons)


def _champion(bundles: BundleStore) -> tuple[Bundle | None, object]:
    """Return the champion, None where it cannot serve, and its pointer as stored."""
    pointer, stored = bundles.pointer()
    try:
        return (None if pointer is None else bundles.read(pointer.version)), stored
    except BundleError:
        return None, stored


def _number(parcel: Parcel, target: Target, verdict: Verdict) -> str:
    """Return the version's number here: the registry's, or the first free one from its own up."""
    model, registry = parcel.bundle.model, target.registry
    if registry is None:
        if not parcel.bundle.version.isdecimal():
            raise PublicationError(f"version {parcel.bundle.version} is no number")
        number = int(parcel.bundle.version)
        while not target.bundles.free_or(model, str(number)):
            number += 1
        return str(number)
    origin = f"{parcel.origin}/{parcel.bundle.version}"
    tags = {SOURCE_TAG: parcel.manifest_sha256, "origin": origin}
    run_id = registry.run_with(SOURCE_TAG, parcel.manifest_sha256)
    run_id = run_id or registry.start_run(f"promotion of {origin}", tags)
    registry.log(run_id, metrics=parcel.bundle.manifest.metrics)
    registry.log_files(run_id, {"promotion/manifest.json": parcel.bundle.manifest_data})
    version = register_model(registry, target.bundles, run_id, model, tags)
    registry.describe_version(version, f"From {origin}\n\n{verdict.describe()}")
    registry.tag_version(version, {"gate": verdict.decision})
    registry.end_run(run_id)
    return version
