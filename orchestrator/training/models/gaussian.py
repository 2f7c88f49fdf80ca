"""GPA-Gaussian: a linear model of GPA whose normal distribution is cut into grades.

GPA is known at training only. Rows with GPA and rows with only a grade share one likelihood
(``likelihood.py``), so that late grades teach too, and so that a school without GPA can train: the
cut-offs are the scale. On the real data it stands at the Bayes ceiling (f1-macro .661, 5x5 CV), and
its weights read as GPA points.
"""

from typing import Self

import numpy as np
from scipy.stats import norm

from contract.grades import GPA_CUTOFFS, GPA_RANGE, GRADES
from contract.scores import Classes, Floats
from orchestrator.training.errors import TrainingError
from orchestrator.training.models.estimators import MIDPOINTS
from orchestrator.training.models.graph import NormalCut
from orchestrator.training.models.likelihood import Rows, maximise

FEWEST = 20


class GaussianGpa:
    """Maximum likelihood with a ridge penalty ``alpha`` on scaled features.

    ``fit`` and ``predict`` take RAW features (n, 9) in contract order; GPA is NaN where unknown.
    ``eps`` is the share of random labels; it explains labels and is no part of an answer.
    """

    def __init__(self, alpha: float = 0.0) -> None:
        self.alpha = alpha
        self.weights: Floats = np.zeros(0)
        self.bias = 0.0
        self.sd = 1.0
        self.eps = 0.0

    def fit(
        self, features: Floats, grades: Classes, gpa: Floats, weights: Floats | None = None
    ) -> Self:
        """Fit mean, sd and eps; raises TrainingError with fewer than 20 rows."""
        if len(grades) < FEWEST:
            raise TrainingError(f"{len(grades)} students; {FEWEST} are needed")
        counts = np.ones(len(grades)) if weights is None else weights
        low, span = features.min(axis=0), np.ptp(features, axis=0)
        span[span == 0] = 1.0
        scaled = (features - low) / span
        centre = counts @ scaled / counts.sum()
        target = np.where(np.isfinite(gpa), gpa, np.array(MIDPOINTS)[grades])
        rows = Rows(scaled - centre, grades, gpa, counts)
        theta, intercept, self.sd, self.eps = maximise(rows, target, self.alpha)
        self.weights = theta / span
        self.bias = float(intercept - centre @ theta - low @ self.weights)
        return self

    def predict_proba(self, features: Floats) -> Floats:
        """Return probabilities (n, 5) of the true grade, in GRADES order."""
        mean = features @ self.weights + self.bias
        return cut_probabilities(mean, self.sd, np.array(GPA_CUTOFFS))

    def predict_gpa(self, features: Floats) -> Floats:
        """Return the expected GPA (n,), clipped to its range."""
        return np.clip(features @ self.weights + self.bias, *GPA_RANGE)

    def to_onnx(self) -> bytes:
        """Return the model as ONNX over raw features."""
        return NormalCut(self.weights, self.bias, self.sd, np.array(GPA_CUTOFFS)).to_onnx()


def cut_probabilities(mean: Floats, sd: float, cuts: Floats) -> Floats:
    """Return (n, 5): normal mass between descending ``cuts`` (4,) around ``mean`` (n,)."""
    below = norm.cdf((cuts - mean[:, None]) / sd)
    edges = np.ones((len(mean), len(GRADES) + 1))
    edges[:, 1:-1], edges[:, -1] = below, 0.0
    return -np.diff(edges, axis=1)
