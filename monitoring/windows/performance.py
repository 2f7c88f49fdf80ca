"""How good the model is: measured where labels exist, else estimated from its probabilities."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from contract.grades import GRADES
from contract.scores import SMALLEST, f1_of_table

Array = npt.NDArray[Any]

MINIMUM_LABELS: Final = 200
"""Fewer labels say nothing: the sd of f1-macro is .183 at 15 rows and .048 at 200 (measured)."""

_SD: Final = ((15, 0.183), (50, 0.095), (100, 0.070), (200, 0.048), (500, 0.031))
BAND: Final = 3.0


def f1_sd(rows: int) -> float:
    """Return the sampling sd of f1-macro at ``rows`` labels (measured; log-linear between)."""
    if rows <= _SD[0][0]:
        return _SD[0][1]
    for (low, sd_low), (high, sd_high) in zip(_SD, _SD[1:], strict=False):
        if rows <= high:
            share = math.log(rows / low) / math.log(high / low)
            return math.exp(math.log(sd_low) * (1 - share) + math.log(sd_high) * share)
    return _SD[-1][1] * math.sqrt(_SD[-1][0] / rows)


def f1_floor(reference_f1: float, rows: int) -> float:
    """Return the f1-macro below which a window's performance is worse than chance explains."""
    return max(0.0, reference_f1 - BAND * f1_sd(rows))


def answers(probabilities: Array, predicted: Array) -> list[tuple[str, str, float]]:
    """Return (metric, label, value) of a model's answers: share of each grade, and confidence."""
    top = probabilities.max(axis=1)
    shares = ((grade, float((predicted == k).mean())) for k, grade in enumerate(GRADES))
    return [
        *(("predicted_share", grade, share) for grade, share in shares),
        ("confidence", "p10", float(np.quantile(top, 0.1))),
        ("confidence", "p50", float(np.quantile(top, 0.5))),
    ]


def expected_confusion(probabilities: Array, predicted: Array) -> Array:
    """Return the confusion table to be expected if the probabilities (n x 5) are calibrated.

    The idea of confidence-based performance estimation: a row predicted as k adds its probability
    of each true class to column k. Sound while calibration holds; drift of the relation between
    features and grade is invisible to it, which is why labels are still needed.
    """
    size = len(GRADES)
    table = np.zeros((size, size))
    for k in range(size):
        table[:, k] = probabilities[np.asarray(predicted) == k].sum(axis=0)
    return table


def estimate(probabilities: Array, predicted: Array) -> dict[str, float]:
    """Return expected accuracy, f1-macro and log-loss of rows whose truth is unknown."""
    table = expected_confusion(probabilities, predicted)
    logs = np.log(np.clip(probabilities, SMALLEST, 1.0))
    return {
        "estimated_accuracy": float(np.trace(table) / len(probabilities)),
        "estimated_f1_macro": float(f1_of_table(table).mean()),
        "estimated_log_loss": float(-(probabilities * logs).sum(axis=1).mean()),
    }
