"""Small real model bundles for tests: the GPA-Gaussian graph in ONNX, written without `onnx`.

`publish(directory, version)` writes a complete bundle and points champion.json to it;
`upload(directory, s3, bucket)` copies it to a bucket in the same shape.
"""

from __future__ import annotations

import hashlib
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from contract.bundle import MANIFEST_FILE, MODEL_FILE, POINTER_FILE, parse_manifest
from contract.features import DEFAULT_MODEL_NAME, FEATURES
from contract.grades import GPA_CUTOFFS, GRADES
from inference.model.predictor import Predictor
from tests.inference.support.graph import INT64, model, node, tensor, value

INTERCEPT = 2.5
WEIGHTS = (0.0, 0.03, -0.1, 0.25, 0.15, 0.2, 0.2, 0.15, 0.0)
SD, EPS = 0.2, 0.09


def gpa_gaussian(
    intercept: float = INTERCEPT,
    weights: tuple[float, ...] = WEIGHTS,
    sd: float = SD,
    eps: float = EPS,
    names: tuple[str, str, str] = ("features", "probabilities", "gpa"),
    column: bool = False,
) -> bytes:
    """Return model.onnx: Normal(intercept + weights . x, sd) cut at the grades, mixed with eps.

    ``names`` are those of input and outputs; ``column`` makes gpa (n, 1) instead of (n,).
    """
    share = 1 - eps
    below = np.zeros((4, 5))
    for k in range(4):  # q_k = cdf_{k-1} - cdf_k over descending cut-offs, with cdf_{-1} = 1
        below[k, k] -= share
        below[k, k + 1] += share
    constant = np.full(5, eps / 5)
    constant[0] += share
    features, probabilities, gpa = names
    nodes = (
        node("MatMul", f"{features} w", "xw"),
        node("Add", "xw b", "mean"),
        node("Sub", "cutoffs mean", "gap"),
        node("Mul", "gap scale", "z"),
        node("Erf", "z", "erf"),
        node("Add", "erf one", "twice"),
        node("Mul", "twice half", "cdf"),
        node("MatMul", "cdf below", "mixed"),
        node("Add", "mixed constant", probabilities),
        node("Clip", "mean low high", "clipped"),
        node("Reshape", "clipped shape", gpa),
    )
    constants = (
        tensor("w", np.reshape(weights, (-1, 1))),
        tensor("b", [intercept]),
        tensor("cutoffs", [GPA_CUTOFFS]),
        tensor("scale", [1 / (sd * math.sqrt(2))]),
        tensor("one", [1.0]),
        tensor("half", [0.5]),
        tensor("below", below),
        tensor("constant", constant),
        tensor("low", 0.0),
        tensor("high", 4.0),
        tensor("shape", [-1, 1] if column else [-1], INT64),
    )
    return model(
        nodes,
        constants,
        value(features, "n", len(FEATURES)),
        (value(probabilities, "n", len(GRADES)), value(gpa, "n", *([1] if column else []))),
    )


def expected(
    rows: Any,
    intercept: float = INTERCEPT,
    weights: tuple[float, ...] = WEIGHTS,
    sd: float = SD,
    eps: float = EPS,
) -> tuple[list[list[float]], list[float]]:
    """Return (probabilities, gpa) of ``rows`` by plain Python: the oracle of the graph."""
    probabilities, gpas = [], []
    for row in rows:
        mean = intercept + sum(w * x for w, x in zip(weights, row, strict=True))
        above = [1.0] + [
            0.5 * (1 + math.erf((cut - mean) / (sd * math.sqrt(2)))) for cut in GPA_CUTOFFS
        ]
        exact = [before - after for before, after in zip(above, above[1:] + [0.0], strict=True)]
        probabilities.append([(1 - eps) * q + eps / len(GRADES) for q in exact])
        gpas.append(min(4.0, max(0.0, mean)))
    return probabilities, gpas


GOLDEN = (
    (2.0, 19.83, 7.0, 1.0, 2.0, 0.0, 0.0, 1.0, 0.0),
    (1.0, 15.4, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),
    (4.0, 0.0, 29.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    (0.0, 12.5, 12.0, 1.0, 4.0, 1.0, 1.0, 1.0, 1.0),
)


def manifest(version: str, onnx: bytes, **changes: Any) -> dict[str, Any]:
    """Return the manifest of the model ``onnx`` as JSON data, with ``changes`` on top."""
    parameters = changes.pop("parameters", {})
    probabilities, gpa = expected(GOLDEN, **parameters)
    return {
        "name": DEFAULT_MODEL_NAME,
        "version": version,
        "run_id": f"run-{version}",
        "created_at": "2026-11-23T06:00:00+00:00",
        "sha256": {MODEL_FILE: hashlib.sha256(onnx).hexdigest()},
        "features": [
            {"name": f.name, "minimum": f.minimum, "maximum": f.maximum, "whole": f.whole}
            for f in FEATURES
        ],
        "classes": list(GRADES),
        "golden": {"rows": GOLDEN, "probabilities": probabilities, "gpa": gpa},
        "metrics": {"f1_macro": 0.66},
        "training_ranges": {f.name: [f.minimum, f.maximum] for f in FEATURES},
        **changes,
    }


def publish(
    directory: Path,
    version: str = "1",
    onnx: bytes | None = None,
    pointer: str = POINTER_FILE,
    **changes: Any,
) -> Path:
    """Write a bundle below ``directory`` and point to it; return the version's folder.

    ``parameters`` (a dict of gpa_gaussian's arguments) makes another model; other ``changes``
    replace manifest entries.
    """
    parameters = changes.get("parameters", {})
    data = gpa_gaussian(**parameters) if onnx is None else onnx
    text = json.dumps(manifest(version, data, **changes)).encode()
    folder = directory / version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(data)
    (folder / MANIFEST_FILE).write_bytes(text)
    target = {"version": version, "manifest_sha256": hashlib.sha256(text).hexdigest()}
    partial = directory / f".{pointer}"
    partial.write_text(json.dumps(target))
    partial.replace(directory / pointer)
    return folder


def upload(directory: Path, s3: Any, bucket: str, model_name: str = DEFAULT_MODEL_NAME) -> None:
    """Copy a published directory to ``s3://bucket/models/NAME``, pointers last."""
    files = sorted(directory.rglob("*.*"), key=lambda path: path.parent == directory)
    for path in files:
        if path.is_file() and not path.name.startswith("."):
            key = f"models/{model_name}/{path.relative_to(directory).as_posix()}"
            s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


@cache
def predictor() -> Predictor:
    """Return the default model, verified, as version 1 (for property tests)."""
    onnx = gpa_gaussian()
    return Predictor(parse_manifest(json.dumps(manifest("1", onnx)).encode()), onnx)
