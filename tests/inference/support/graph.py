"""Write ONNX graphs (https://onnx.ai/onnx/repo-docs/IR.html) without the `onnx` package."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tests.inference.support.wire import block, number

FLOAT, INT64 = 1, 7
IR_VERSION, OPSET = 8, 17


def tensor(name: str, values: Any, kind: int = FLOAT) -> bytes:
    """Return a constant (TensorProto)."""
    array = np.asarray(values, dtype="<f4" if kind == FLOAT else "<i8")
    dims = b"".join(number(1, size) for size in array.shape)
    return dims + number(2, kind) + block(8, name) + block(9, array.tobytes())


def value(name: str, *shape: int | str) -> bytes:
    """Return a float input or output (ValueInfoProto); names stand for any size."""
    dims = b"".join(
        block(1, block(2, size) if isinstance(size, str) else number(1, size)) for size in shape
    )
    return block(1, name) + block(2, block(1, number(1, FLOAT) + block(2, dims)))


def node(operator: str, inputs: str, output: str) -> bytes:
    """Return an operation (NodeProto); inputs are separated by spaces."""
    names = b"".join(block(1, name) for name in inputs.split())
    return names + block(2, output) + block(4, operator)


def model(
    nodes: Iterable[bytes], constants: Iterable[bytes], source: bytes, results: Iterable[bytes]
) -> bytes:
    """Return the model file (ModelProto)."""
    graph = (
        b"".join(block(1, one) for one in nodes)
        + block(2, "graph")
        + b"".join(block(5, one) for one in constants)
        + block(11, source)
        + b"".join(block(12, one) for one in results)
    )
    return number(1, IR_VERSION) + block(7, graph) + block(8, block(1, "") + number(2, OPSET))
