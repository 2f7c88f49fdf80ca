"""Ordered probit + eps: grades as cuts of a latent score, fitted from labels alone.

McCullagh (1980), "Regression models for ordinal data", with the normal link and a uniform
label-noise component. It needs no GPA at all, hence it also fits where only labels are known.
"""

from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from contract.grades import GRADES
from contract.scores import Classes, Floats
from orchestrator.training.models.estimators import class_gpa
from orchestrator.training.models.gaussian import cut_probabilities
from orchestrator.training.models.graph import NormalCut

MAX_ITERATIONS = 300
CUTS = len(GRADES) - 1
FEWEST_EPS, MOST_EPS = 1e-4, 0.9


class OrderedProbit:
    """Maximum likelihood with a ridge penalty ``alpha`` on the weights of scaled features."""

    def __init__(self, alpha: float = 1e-3) -> None:
        self.alpha = alpha
        self.weights: Floats = np.zeros(0)
        self.cuts: Floats = np.zeros(0)
        self.eps = 0.0
        self.class_gpa: Floats = np.zeros(0)

    def fit(
        self, features: Floats, grades: Classes, gpa: Floats, weights: Floats | None = None
    ) -> Self:
        """Fit weights, cuts and eps to ``grades``; ``gpa`` only places the GPA output."""
        counts = np.ones(len(grades)) if weights is None else weights
        low, span = features.min(axis=0), np.ptp(features, axis=0)
        span[span == 0] = 1.0
        scaled = (features - low) / span
        width = scaled.shape[1]
        start = np.concatenate([np.zeros(width), _start_cuts(grades), [-3.0]])
        result = minimize(
            _objective,
            start,
            args=(scaled, grades, self.alpha, counts / counts.sum()),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": MAX_ITERATIONS},
        )
        theta, cuts, self.eps = _unpack(result.x, width)
        self.weights = theta / span
        self.cuts = cuts + low @ self.weights
        self.class_gpa = class_gpa(grades, gpa)
        return self

    def predict_proba(self, features: Floats) -> Floats:
        """Return probabilities (n, 5) of the true grade, in GRADES order."""
        return cut_probabilities(features @ self.weights, 1.0, self.cuts)

    def predict_gpa(self, features: Floats) -> Floats:
        """Return the expected GPA (n,): the probability-weighted mean of the classes' GPAs."""
        return self.predict_proba(features) @ self.class_gpa

    def to_onnx(self) -> bytes:
        """Return the model as ONNX over raw features."""
        return NormalCut(self.weights, 0.0, 1.0, self.cuts, self.class_gpa).to_onnx()


def _start_cuts(grades: Classes) -> Floats:
    # Parameterised as the lowest cut and the logarithms of the gaps above it, so order holds.
    shares = np.bincount(grades, minlength=len(GRADES))[::-1].cumsum()[:-1] / len(grades)
    ascending = norm.ppf(np.clip(shares, 0.01, 0.99))
    gaps = np.maximum(np.diff(ascending), 0.05)
    return np.concatenate([ascending[:1], np.log(gaps)])


def _unpack(vector: Floats, width: int) -> tuple[Floats, Floats, float]:
    raw = vector[width : width + CUTS]
    ascending = np.concatenate([raw[:1], raw[0] + np.exp(raw[1:]).cumsum()])
    eps = FEWEST_EPS + (MOST_EPS - FEWEST_EPS) / (1.0 + np.exp(-vector[-1]))
    return vector[:width], ascending[::-1], float(eps)


def _objective(
    vector: Floats, scaled: Floats, grades: Classes, alpha: float, shares: Floats
) -> tuple[float, Floats]:
    """Mean negative log-likelihood plus penalty, and its gradient; ``shares`` weigh the rows."""
    width = scaled.shape[1]
    weights, cuts, eps = _unpack(vector, width)
    # Class k lies between upper[k] and lower[k] on the latent scale; A is open above, F below.
    bounds = np.concatenate([[np.inf], cuts, [-np.inf]])
    score = scaled @ weights
    upper, lower = bounds[grades] - score, bounds[grades + 1] - score
    inside = norm.cdf(upper) - norm.cdf(lower)
    mixed = (1.0 - eps) * inside + eps / len(GRADES)
    outer = (1.0 - eps) / mixed * shares
    up, down = norm.pdf(upper) * outer, norm.pdf(lower) * outer
    slope = (eps - FEWEST_EPS) * (MOST_EPS - eps) / (MOST_EPS - FEWEST_EPS)
    gradient = np.concatenate(
        [
            scaled.T @ (up - down) + alpha * weights,
            _cut_gradient(up, down, grades, np.exp(vector[width + 1 : width + CUTS])),
            [-(shares @ ((1.0 / len(GRADES) - inside) / mixed)) * slope],
        ]
    )
    return float(-(shares @ np.log(mixed)) + alpha * (weights**2).sum() / 2.0), gradient


def _cut_gradient(up: Floats, down: Floats, grades: Classes, gaps: Floats) -> Floats:
    """Gradient by the lowest cut and the logarithms of the ``gaps`` above it."""
    descending = [down[grades == k].sum() - up[grades == k + 1].sum() for k in range(CUTS)]
    ascending = np.array(descending[::-1])
    # Raising a gap raises every cut above it.
    above = ascending[::-1].cumsum()[::-1]
    return np.concatenate([above[:1], above[1:] * gaps])
