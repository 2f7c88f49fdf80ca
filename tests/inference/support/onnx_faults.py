"""Models that are wrong, or merely different, in one known way."""

from __future__ import annotations

import numpy as np

from contract.features import FEATURE_NAMES, FEATURES
from tests.inference.support.factory import gpa_gaussian
from tests.inference.support.graph import INT64, model, node, tensor, value


def renamed(
    outputs: tuple[str, str] = ("probabilities", "gpa"),
    input_name: str = "features",
    column: bool = False,
) -> bytes:
    """Return the usual model with other names, or with gpa as a column (n, 1)."""
    return gpa_gaussian(names=(input_name, *outputs), column=column)


def constant_model(probabilities: list[float], gpa: float = 2.0, slope: float = 0.0) -> bytes:
    """Return a model that gives every row the same answer.

    ``slope`` moves that much probability per absence from the first class to the last one.
    """
    width = len(probabilities)
    wide = np.zeros((len(FEATURES), width))
    wide[FEATURE_NAMES.index("Absences"), [0, -1]] = -slope, slope
    nodes = (
        node("MatMul", "features wide", "zeros"),
        node("Add", "zeros answer", "probabilities"),
        node("MatMul", "features narrow", "zero"),
        node("Add", "zero grade", "column"),
        node("Reshape", "column shape", "gpa"),
    )
    constants = (
        tensor("wide", wide),
        tensor("answer", probabilities),
        tensor("narrow", np.zeros((len(FEATURES), 1))),
        tensor("grade", [gpa]),
        tensor("shape", [-1], INT64),
    )
    results = (value("probabilities", "n", width), value("gpa", "n"))
    return model(nodes, constants, value("features", "n", len(FEATURES)), results)
