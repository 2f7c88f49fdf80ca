"""Students asked about in mid-year: integrate over the absences still to come.

The model reads a year's total. Of absences so far, each of the year's absences falls into the
share of the year that has passed with that probability (binomial thinning), so the total ``T``
given ``a`` so far has the weight prior(T) C(T, a) s^a (1 - s)^(T - a). Every likely total becomes
a weighted copy of the row; all copies go through the one model call, so any model serves.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from contract.bundle import Manifest
from contract.features import FEATURE_NAMES, FEATURES
from inference.model.predictor import Predictions

Rows = npt.NDArray[np.float64]

_COLUMN = FEATURE_NAMES.index("Absences")
_MAXIMUM = FEATURES[_COLUMN].maximum
_LOG_FACTORIAL = np.concatenate([[0.0], np.log(np.arange(1, _MAXIMUM + 1)).cumsum()])

SMALLEST_WEIGHT = 1e-4
"""Totals less likely than this are left out; their weight goes to the others."""


def prior(manifest: Manifest) -> Sequence[float]:
    """Return the shares of a year's totals 0, 1, ...; flat over training's range in old bundles."""
    if manifest.absences:
        return manifest.absences
    _, highest = manifest.training_ranges.get("Absences", (0, _MAXIMUM))
    return [1.0] * (int(min(max(highest, 0), _MAXIMUM)) + 1)


def totals(so_far: Rows, elapsed: Rows, shares: Sequence[float]) -> Rows:
    """Return P(the year's total is T) as (n, len(shares)).

    ``so_far`` (n,) lies within the shares' range, ``elapsed`` (n,) strictly between 0 and 1.
    """
    total = np.arange(len(shares))
    count = so_far.astype(np.int64)[:, np.newaxis]
    to_come = total - count
    possible = to_come >= 0
    rest = np.where(possible, to_come, 0)
    log_weight = np.log(np.asarray(shares)) + _LOG_FACTORIAL[total] - _LOG_FACTORIAL[rest]
    log_weight += rest * np.log1p(-elapsed)[:, np.newaxis]
    log_weight[~possible] = -np.inf
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    weight[weight < SMALLEST_WEIGHT] = 0.0
    weight /= weight.sum(axis=1, keepdims=True)
    kept: Rows = weight
    return kept


def predict_in_year(
    predict: Callable[[Rows], Predictions], rows: Rows, elapsed: Rows, shares: Sequence[float]
) -> Predictions:
    """Return the predictions for ``rows`` (n, 9) whose Absences cover ``elapsed`` (n,) of a year.

    A row of a whole year is itself. Beyond the shares' range the total is taken in proportion.
    """
    if (elapsed == 1).all():
        return predict(rows)
    so_far = rows[:, _COLUMN]
    weights = np.zeros((len(rows), len(shares)))
    spread = (elapsed < 1) & (so_far < len(shares))
    weights[spread] = totals(so_far[spread], elapsed[spread], shares)
    weights[~spread, 0] = 1.0  # one copy; its total is set below
    row, total = np.nonzero(weights)
    copies = rows[row]
    in_proportion = so_far / np.maximum(elapsed, so_far / _MAXIMUM)
    copies[:, _COLUMN] = np.where(spread[row], total, np.round(in_proportion)[row])
    starts = np.searchsorted(row, np.arange(len(rows)))
    weight = weights[row, total]
    answer = predict(copies)
    return Predictions(
        np.add.reduceat(answer.probabilities * weight[:, np.newaxis], starts).astype(np.float32),
        np.add.reduceat(answer.gpa * weight, starts).astype(np.float32),
    )
