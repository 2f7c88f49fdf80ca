"""Publish a version and move the champion: in an order that leaves a good champion at every step.

1. model.onnx, 2. manifest.json (a version's files are never changed once the manifest stands),
3. the champion alias in MLflow (the intent), 4. champion.json (the effect), conditionally. Serving
reads only champion.json, so until 4 the old champion serves, whole. A crash between 3 and 4 is
rolled forward by ``recover``, the first thing the next run does. anchor.json, which names the best
version ever, is written last of all: it serves nobody, and an old one only makes the gate stricter.
"""

from dataclasses import dataclass
from typing import Self

import msgspec

from contract.bundle import (
    MANIFEST_FILE,
    MODEL_FILE,
    POINTER_FILE,
    BundleError,
    Manifest,
    Pointer,
    check_file,
    parse_manifest,
    parse_pointer,
    sha256_hex,
)
from orchestrator.training.errors import PublicationError
from orchestrator.training.services import Services
from orchestrator.training.storage import ObjectStore, StoredObject
from orchestrator.training.tracking import Tracking

ANCHOR_FILE = "anchor.json"


@dataclass(frozen=True)
class Bundle:
    """One version's two files, checked against each other."""

    version: str
    model: bytes
    manifest_data: bytes
    manifest: Manifest


class BundleStore:
    """The bundles of one model in the models' bucket."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store = store
        self._prefix = f"models/{name}"

    @classmethod
    def of(cls, services: Services) -> Self:
        """Return the bundles of the model a run publishes."""
        return cls(services.stores.models, services.settings.model_name)

    def read(self, version: str) -> Bundle | None:
        """Return a complete, verified version or None; raises BundleError if it is damaged."""
        manifest_data = self._store.get(f"{self._prefix}/{version}/{MANIFEST_FILE}")
        model = self._store.get(f"{self._prefix}/{version}/{MODEL_FILE}")
        if manifest_data is None or model is None:
            return None
        manifest = parse_manifest(manifest_data.data)
        check_file(manifest, MODEL_FILE, model.data)
        return Bundle(version, model.data, manifest_data.data, manifest)

    def free_or(self, model: bytes, version: str) -> bool:
        """Whether ``version`` is free, or half written, or holds this very ``model``."""
        try:
            standing = self.read(version)
        except BundleError:
            return True
        return standing is None or standing.model == model

    def pointer(self) -> tuple[Pointer | None, StoredObject | None]:
        """Return champion.json parsed (None if absent or unreadable) and as stored."""
        return self._pointer(POINTER_FILE)

    def anchor(self) -> Pointer | None:
        """Return anchor.json parsed (None if absent or unreadable): the best version ever."""
        return self._pointer(ANCHOR_FILE)[0]

    def write(self, version: str, model: bytes, manifest_data: bytes) -> Bundle:
        """Upload a version; one that stands already is kept if it holds the same model.

        Raises PublicationError if the version stands with other content: versions are immutable.
        """
        try:
            standing = self.read(version)
        except BundleError:
            standing = None
        if standing is None:
            self._store.put(f"{self._prefix}/{version}/{MODEL_FILE}", model)
            self._store.put(
                f"{self._prefix}/{version}/{MANIFEST_FILE}", manifest_data, "application/json"
            )
            standing = self.read(version)
        if standing is None or standing.model != model:
            raise PublicationError(f"version {version} stands in the bucket with another model")
        return standing

    def anchor_at(self, version: str) -> None:
        """Name ``version`` the best ever in anchor.json."""
        bundle = self.read(version)
        if bundle is not None:
            pointer = Pointer(version, sha256_hex(bundle.manifest_data))
            key = f"{self._prefix}/{ANCHOR_FILE}"
            self._store.put(key, msgspec.json.encode(pointer), "application/json")

    def point_to(self, bundle: Bundle, expected: StoredObject | None) -> None:
        """Write champion.json for ``bundle`` if it still is ``expected``."""
        pointer = Pointer(bundle.version, sha256_hex(bundle.manifest_data))
        self._store.swap(f"{self._prefix}/{POINTER_FILE}", msgspec.json.encode(pointer), expected)

    def _pointer(self, file: str) -> tuple[Pointer | None, StoredObject | None]:
        stored = self._store.get(f"{self._prefix}/{file}")
        if stored is None:
            return None, None
        try:
            return parse_pointer(stored.data), stored
        except BundleError:
            return None, stored


def move_champion(bundles: BundleStore, registry: Tracking | None, version: str) -> bool:
    """Make a published ``version`` the champion; returns False if it was already.

    Used by promotion and rollback alike; where nothing trains there is no registry. Raises
    PublicationError if the version is incomplete.
    """
    bundle = bundles.read(version)
    if bundle is None:
        raise PublicationError(
            f"version {version} has no complete bundle: it was refused by the gate, or never published"
        )
    pointer, stored = bundles.pointer()
    if registry is not None and registry.champion_version() != version:
        registry.set_champion(version)
    if pointer == Pointer(version, sha256_hex(bundle.manifest_data)):
        return False
    bundles.point_to(bundle, stored)
    return True


def recover(bundles: BundleStore, registry: Tracking) -> str | None:
    """Finish a move that was cut off between alias and pointer; returns the version moved to.

    The alias is only ever set to a complete bundle that passed the gate (or a rollback's choice), so
    rolling forward is right. Without an alias (a registry made anew) what serves stays.
    """
    alias = registry.champion_version()
    pointer, _stored = bundles.pointer()
    if alias is None or (pointer is not None and alias == pointer.version):
        return None
    try:
        return alias if move_champion(bundles, registry, alias) else None
    except (PublicationError, BundleError):
        # The alias names something that cannot serve; what serves stays.
        return None
