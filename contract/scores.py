"""Scores of predicted probabilities (n, 5) against grades (n,): pure functions of arrays.

Training's gate and monitoring's windows use the same ones, so their figures can be compared.
"""

import numpy as np
from numpy.typing import NDArray

from contract.grades import GRADES

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]
Noise = float | Floats
"""The share of grades that are as good as random: one for all rows, or one for each (n,). Models
answer with the chances of the true grade; only scores against noisy grades mix this in."""
BINS = 10
SMALLEST = 1e-15
"""The one clip of probabilities before a logarithm."""


def accuracy(grades: Classes, probabilities: Floats) -> float:
    """Share of rows whose most probable grade is the given one."""
    return float((probabilities.argmax(axis=1) == grades).mean())


def f1_by_grade(grades: Classes, predicted: Classes) -> Floats:
    """F1 of each of the five grades (5,); 0 where a grade is neither given nor predicted."""
    return f1_of_table(confusion(grades, predicted).astype(np.float64))


def f1_of_table(table: Floats) -> Floats:
    """F1 of each grade (5,) from a confusion table (5, 5) of counts or of expected counts."""
    hits = np.diag(table)
    total = table.sum(axis=0) + table.sum(axis=1)
    scores: Floats = np.divide(2 * hits, total, out=np.zeros(len(hits)), where=total > 0)
    return scores


def f1_macro(grades: Classes, probabilities: Floats) -> float:
    """Unweighted mean F1 over all five grades (0-1)."""
    return float(f1_by_grade(grades, probabilities.argmax(axis=1)).mean())


def with_noise(probabilities: Floats, noise: Noise) -> Floats:
    """Return the chances of the grade as given (n, 5), from those of the true grade."""
    share = np.reshape(np.asarray(noise, dtype=np.float64), (-1, 1))
    mixed: Floats = (1.0 - share) * probabilities + share / len(GRADES)
    return mixed


def log_loss(grades: Classes, probabilities: Floats, noise: Noise = 0.0) -> float:
    """Mean negative log-probability of the given grade, in nats."""
    return float(row_log_loss(grades, probabilities, noise).mean())


def row_log_loss(grades: Classes, probabilities: Floats, noise: Noise = 0.0) -> Floats:
    """Negative log-probability of the given grade per row (n,)."""
    given = with_noise(probabilities, noise)[np.arange(len(grades)), grades]
    return -np.log(np.clip(given, SMALLEST, 1.0))


def expected_calibration_error(grades: Classes, probabilities: Floats) -> float:
    """Top-label ECE over BINS equal-width bins (Guo et al. 2017), 0-1."""
    hit = (probabilities.argmax(axis=1) == grades).astype(np.float64)
    return calibration_error(hit, probabilities.max(axis=1))


def calibration_error(hit: Floats, confidence: Floats) -> float:
    """ECE of answers that were right (1) or wrong (0), ``hit`` (n,), said with ``confidence`` (n,)."""
    index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(index, weights=hit - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(hit))


def ordinal_error(grades: Classes, probabilities: Floats) -> float:
    """Mean distance in grades between the given and the most probable grade."""
    return float(np.abs(probabilities.argmax(axis=1) - grades).mean())


def confusion(grades: Classes, predicted: Classes) -> NDArray[np.int64]:
    """Confusion table (5, 5): rows are given grades, columns predicted ones."""
    size = len(GRADES)
    return np.bincount(grades * size + predicted, minlength=size * size).reshape(size, size)


def all_scores(grades: Classes, probabilities: Floats, noise: Noise = 0.0) -> dict[str, float]:
    """Return every headline score by name; ``noise`` matters to log-loss and ECE alone."""
    probabilities = with_noise(probabilities, noise)
    return {
        "accuracy": accuracy(grades, probabilities),
        "f1_macro": f1_macro(grades, probabilities),
        "log_loss": log_loss(grades, probabilities),
        "ece": expected_calibration_error(grades, probabilities),
        "ordinal_error": ordinal_error(grades, probabilities),
    }
