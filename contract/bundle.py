"""The model bundle: the files one model version consists of, and how to read them safely.

A bundle is ``model.onnx`` and ``manifest.json`` below ``models/NAME/VERSION/``;
``models/NAME/champion.json`` points to one version and carries the sha256 of its manifest. Data
files only, never a pickle::

    pointer = parse_pointer(champion_json)
    manifest = parse_manifest(manifest_json, pointer.manifest_sha256)
    check_file(manifest, MODEL_FILE, model_onnx)        # BundleError wherever something differs
"""

import hashlib
import re

import msgspec

from contract.errors import StudentPerformanceError
from contract.features import FEATURES
from contract.grades import GRADES

MODEL_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"
POINTER_FILE = "champion.json"

MAX_ABSENCES = next(f.maximum for f in FEATURES if f.name == "Absences")

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class BundleError(StudentPerformanceError):
    """The bundle is missing, damaged, of another contract, or wrong on its golden rows."""

    code = "bundle"


class FeatureSpec(msgspec.Struct, frozen=True):
    """One input column as the bundle's training saw the contract."""

    name: str
    minimum: float
    maximum: float
    whole: bool


class GoldenRows(msgspec.Struct, frozen=True):
    """Rows (n x 9, contract order) and the answers any loader must reproduce to 1e-4."""

    rows: list[list[float]]
    probabilities: list[list[float]]
    gpa: list[float]


class Manifest(msgspec.Struct, frozen=True):
    """manifest.json of one model version.

    ``absences`` are the shares of students with 0, 1, ... absences in a whole year of training,
    smoothed so that none is 0; empty in bundles made before they were kept.
    """

    name: str
    version: str
    run_id: str
    created_at: str
    sha256: dict[str, str]
    features: list[FeatureSpec]
    classes: list[str]
    golden: GoldenRows
    metrics: dict[str, float] = {}
    training_ranges: dict[str, tuple[float, float]] = {}
    absences: list[float] = []
    library_versions: dict[str, str] = {}
    gate: dict[str, object] = {}


class Pointer(msgspec.Struct, frozen=True):
    """champion.json: the version that serves."""

    version: str
    manifest_sha256: str


def contract_features() -> list[FeatureSpec]:
    """Return the contract's features as a manifest states them."""
    return [FeatureSpec(f.name, f.minimum, f.maximum, f.whole) for f in FEATURES]


def sha256_hex(data: bytes) -> str:
    """Return the lower-case hexadecimal sha256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def parse_manifest(data: bytes, expected_sha256: str | None = None) -> Manifest:
    """Parse and check manifest.json; raises BundleError naming what differs."""
    if expected_sha256 is not None and sha256_hex(data) != expected_sha256:
        raise BundleError("manifest.json does not match the sha256 in champion.json")
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise BundleError(f"manifest.json cannot be read: {error}") from error
    if manifest.features != contract_features() or tuple(manifest.classes) != GRADES:
        raise BundleError(f"version {manifest.version} was made for another contract")
    if len(manifest.absences) > MAX_ABSENCES + 1 or not all(0 < p <= 1 for p in manifest.absences):
        raise BundleError(f"version {manifest.version}: absences are no distribution of a year's")
    return manifest


def parse_pointer(data: bytes) -> Pointer:
    """Parse and check champion.json; raises BundleError."""
    try:
        pointer = msgspec.json.decode(data, type=Pointer)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise BundleError(f"champion.json cannot be read: {error}") from error
    if not _VERSION.fullmatch(pointer.version):
        raise BundleError("champion.json names a version that is no plain name")
    return pointer


def check_file(manifest: Manifest, name: str, data: bytes) -> None:
    """Raise BundleError unless ``data`` has the sha256 the manifest states for ``name``."""
    if sha256_hex(data) != manifest.sha256.get(name):
        raise BundleError(f"version {manifest.version}: {name} does not match its sha256")
