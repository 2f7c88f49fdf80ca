"""Model bundles for the soak, written by training's own code, without training.

Run by training's environment: ``python -m localcloud.soak.champions DIRECTORY VERSION...``
"""

import sys
from pathlib import Path

import numpy as np

from contract.bundle import MANIFEST_FILE, MODEL_FILE
from contract.features import DEFAULT_MODEL_NAME, FEATURES
from contract.grades import GPA_CUTOFFS
from orchestrator.training.models.graph import NormalCut
from orchestrator.training.release.bundles import Facts, make_manifest

_WEIGHTS = (0.0, 0.03, -0.1, 0.25, 0.15, 0.2, 0.2, 0.15, 0.0)
_ROWS = 200


def main(directory: Path, versions: list[str]) -> None:
    """Write a bundle for each version; each has another intercept, so each answers otherwise."""
    chance = np.random.default_rng(7)
    high = np.array([min(f.maximum, 30) for f in FEATURES])
    rows = np.round(chance.uniform(0, high, (_ROWS, len(FEATURES))))
    for number, version in enumerate(versions):
        weights, cuts = np.array(_WEIGHTS), np.array(GPA_CUTOFFS)
        model = NormalCut(weights, 2.0 + 0.2 * number, 0.2, cuts).to_onnx()
        facts = Facts(DEFAULT_MODEL_NAME, f"soak-{version}", {}, {})
        folder = directory / version
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL_FILE).write_bytes(model)
        (folder / MANIFEST_FILE).write_bytes(make_manifest(model, version, facts, rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
