"""Small real model bundles for tests: the GPA-Gaussian graph in ONNX, written without `onnx`.

`publish(directory, version)` writes a complete bundle and points champion.json to it;
`upload(directory, s3, bucket)` copies it to a bucket in the same shape.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from inference.bundle import MANIFEST_FILE, MODEL_FILE, POINTER_FILE
from inference.contract import DEFAULT_MODEL_NAME, FEATURES, GPA_CUTOFFS, GRADES
from tests.inference.wire import block, number

INTERCEPT = 2.5
WEIGHTS = (0.0, 0.03, -0.1, 0.25, 0.15, 0.2, 0.2, 0.15, 0.0)
SD, EPS = 0.2, 0.09
_FLOAT = 1


def _tensor(name: str, values: Any, kind: int = _FLOAT) -> bytes:
    array = np.asarray(values, dtype="<f4" if kind == _FLOAT else "<i8")
    dims = b"".join(number(1, size) for size in array.shape)
    return dims + number(2, kind) + block(8, name) + block(9, array.tobytes())


def _value(name: str, *shape: int | str) -> bytes:
    dims = b"".join(
        block(1, block(2, size) if isinstance(size, str) else number(1, size)) for size in shape
    )
    return block(1, name) + block(2, block(1, number(1, _FLOAT) + block(2, dims)))


def _node(operator: str, inputs: str, output: str, attributes: bytes = b"") -> bytes:
    names = b"".join(block(1, name) for name in inputs.split())
    return block(1, names + block(2, output) + block(4, operator) + attributes)


def gpa_gaussian(
    intercept: float = INTERCEPT,
    weights: tuple[float, ...] = WEIGHTS,
    sd: float = SD,
    eps: float = EPS,
) -> bytes:
    """Return model.onnx: Normal(intercept + weights . x, sd) cut at the grades, mixed with eps."""
    share = 1 - eps
    below = np.zeros((4, 5))
    for k in range(4):  # q_k = cdf_{k-1} - cdf_k over descending cut-offs, with cdf_{-1} = 1
        below[k, k] -= share
        below[k, k + 1] += share
    constant = np.full(5, eps / 5)
    constant[0] += share
    nodes = (
        _node("MatMul", "features w", "xw")
        + _node("Add", "xw b", "mean")
        + _node("Sub", "cutoffs mean", "gap")
        + _node("Mul", "gap scale", "z")
        + _node("Erf", "z", "erf")
        + _node("Add", "erf one", "twice")
        + _node("Mul", "twice half", "cdf")
        + _node("MatMul", "cdf below", "mixed")
        + _node("Add", "mixed constant", "probabilities")
        + _node("Clip", "mean low high", "clipped")
        + _node("Reshape", "clipped flat", "gpa")
    )
    initializers = (
        _tensor("w", np.reshape(weights, (9, 1))),
        _tensor("b", [intercept]),
        _tensor("cutoffs", [GPA_CUTOFFS]),
        _tensor("scale", [1 / (sd * math.sqrt(2))]),
        _tensor("one", [1.0]),
        _tensor("half", [0.5]),
        _tensor("below", below),
        _tensor("constant", constant),
        _tensor("low", 0.0),
        _tensor("high", 4.0),
        _tensor("flat", [-1], kind=7),
    )
    graph = (
        nodes
        + block(2, "gpa_gaussian")
        + b"".join(block(5, initializer) for initializer in initializers)
        + block(11, _value("features", "n", len(FEATURES)))
        + block(12, _value("probabilities", "n", len(GRADES)))
        + block(12, _value("gpa", "n"))
    )
    return number(1, 8) + block(7, graph) + block(8, block(1, "") + number(2, 17))


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


def manifest(version: str, model: bytes, **changes: Any) -> dict[str, Any]:
    """Return the manifest of ``model`` as JSON data, with ``changes`` on top."""
    parameters = changes.pop("parameters", {})
    probabilities, gpa = expected(GOLDEN, **parameters)
    return {
        "name": DEFAULT_MODEL_NAME,
        "version": version,
        "run_id": f"run-{version}",
        "created_at": "2026-11-23T06:00:00+00:00",
        "sha256": {MODEL_FILE: hashlib.sha256(model).hexdigest()},
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
    model: bytes | None = None,
    pointer: str = POINTER_FILE,
    **changes: Any,
) -> Path:
    """Write a bundle below ``directory`` and point to it; return the version's folder.

    ``parameters`` (a dict of gpa_gaussian's arguments) makes another model; other ``changes``
    replace manifest entries.
    """
    parameters = changes.get("parameters", {})
    data = gpa_gaussian(**parameters) if model is None else model
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
