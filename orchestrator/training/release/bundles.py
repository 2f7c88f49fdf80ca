"""Make a model bundle out of ONNX bytes: golden rows, training ranges, the manifest."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec
import numpy as np
from numpy.typing import NDArray

from contract.bundle import MODEL_FILE, GoldenRows, Manifest, contract_features, sha256_hex
from contract.features import FEATURE_NAMES, FEATURES
from contract.grades import GRADES
from orchestrator.training.models.parity import OnnxModel

GOLDEN = 20
GOLDEN_RATIO = 0.618034
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "onnx", "onnxruntime", "skl2onnx")


@dataclass(frozen=True)
class Facts:
    """What a manifest says about a model besides its files."""

    name: str
    run_id: str
    metrics: Mapping[str, float]
    gate: Mapping[str, object]


def year_absences(totals: NDArray[np.float64]) -> list[float]:
    """Return the shares of 0, 1, ... absences among whole years' ``totals``, none of them 0.

    Half a student is added to every count (Jeffreys' prior), for counts no training row has.
    """
    counts = np.bincount(totals.astype(np.int64)) + 0.5
    shares: list[float] = (counts / counts.sum()).tolist()
    return shares


def golden_rows(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return GOLDEN rows over the ranges of ``features`` (m, 9) that are no student's.

    A manifest outlives its students: between the extremes each column goes its own way (steps of a
    golden ratio), whole where the feature is, a study time to a quarter of an hour.
    """
    low, high = features.min(axis=0), features.max(axis=0)
    steps = np.arange(GOLDEN)[:, None] * GOLDEN_RATIO + np.arange(features.shape[1]) / 9
    rows = low + (high - low) * (steps % 1.0)
    grid = np.where([feature.whole for feature in FEATURES], 1.0, 0.25)
    golden: NDArray[np.float64] = np.clip(np.round(rows / grid) * grid, low, high)
    return golden


def make_manifest(
    model: bytes, version_number: str, facts: Facts, train_features: NDArray[np.float64]
) -> bytes:
    """Return manifest.json of ``model`` for ``version_number``.

    Golden rows spread over the training features (m, 9), answered by onnxruntime itself: they catch
    a damaged file, a swapped column order and an incompatible runtime.
    """
    rows = golden_rows(train_features).astype(np.float32).astype(np.float64)
    probabilities, gpa = OnnxModel(model).predict(rows)
    low, high = train_features.min(axis=0), train_features.max(axis=0)
    manifest = Manifest(
        name=facts.name,
        version=version_number,
        run_id=facts.run_id,
        created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        sha256={MODEL_FILE: sha256_hex(model)},
        features=contract_features(),
        classes=list(GRADES),
        golden=GoldenRows(rows.tolist(), probabilities.tolist(), gpa.tolist()),
        metrics={key: float(value) for key, value in facts.metrics.items()},
        training_ranges={
            name: (float(low[k]), float(high[k])) for k, name in enumerate(FEATURE_NAMES)
        },
        absences=year_absences(train_features[:, FEATURE_NAMES.index("Absences")]),
        library_versions={"python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES},
        gate=dict(facts.gate),
    )
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)
