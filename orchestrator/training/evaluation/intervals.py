"""Bootstrap intervals of every headline score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contract.scores import all_scores

RESAMPLES = 500
LEVEL = 95.0


def bootstrap(
    grades: NDArray[np.int64], probabilities: NDArray[np.float64], seed: int
) -> dict[str, tuple[float, float]]:
    """Return the LEVEL % percentile interval of each score over resampled rows."""
    generator = np.random.default_rng(seed)
    draws = []
    for _ in range(RESAMPLES):
        rows = generator.integers(0, len(grades), len(grades))
        draws.append(all_scores(grades[rows], probabilities[rows]))
    tail = (100.0 - LEVEL) / 2
    return {
        name: tuple(np.percentile([draw[name] for draw in draws], [tail, 100.0 - tail]).tolist())
        for name in draws[0]
    }
