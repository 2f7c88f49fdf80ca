"""The likelihood that rows with GPA and rows with only a grade share, and its maximum.

GPA = features . weights + intercept + N(0, sd), seen clipped to its range: a density inside, a
censored normal at 0 and at 4 (Tobin 1958). A grade alone says between which cut-offs the GPA lies,
or nothing in the share ``eps`` of cases where it is as good as random.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr  # pylint: disable=no-name-in-module

from contract.grades import GPA_CUTOFFS, GPA_RANGE, GRADES, grade_class
from contract.scores import Classes, Floats

MAX_ITERATIONS = 500
FEWEST_EPS, MOST_EPS = 1e-3, 0.9
SD_RANGE = (1e-3, 4.0)
_RIDGE = 1e-9
_ROOT = np.sqrt(2.0 * np.pi)
_TINY = 1e-300
# Beyond 40 standard deviations nothing changes, and products with it stay finite.
_FAR = 40.0


@dataclass(frozen=True)
class Rows:
    """Centred features (n, 9), grades (n,), GPA (n,) with NaN, and how often each row counts."""

    features: Floats
    grades: Classes
    gpa: Floats
    counts: Floats


def maximise(rows: Rows, guess: Floats, alpha: float) -> tuple[Floats, float, float, float]:
    """Return weights (9,), intercept, sd and eps; ``guess`` (n,) is a GPA to start from."""
    total = rows.counts.sum()
    design = np.column_stack([rows.features, np.ones(len(guess))])
    gram = design.T @ (design * rows.counts[:, None]) / total
    # Along these columns the likelihood is nearly round, which spares most of the steps.
    back = np.linalg.inv(np.linalg.cholesky(gram + _RIDGE * np.eye(len(gram)))).T
    line = back @ back.T @ (design.T @ (guess * rows.counts) / total)
    sd = float(np.sqrt(rows.counts @ (guess - design @ line) ** 2 / total))
    sd = float(np.clip(sd, 2 * SD_RANGE[0], 1.0))
    back *= sd
    problem = Problem(rows, design @ back, back, alpha)
    start = np.concatenate([np.linalg.solve(back, line), [-np.log(sd), -0.7]])
    limits = [(-np.log(SD_RANGE[1]), -np.log(SD_RANGE[0])), (-4.0, 4.0)]
    result = minimize(
        problem,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None)] * len(line) + limits,
        options={"maxiter": MAX_ITERATIONS, "ftol": 1e-13, "gtol": 1e-7},
    )
    line = back @ result.x[:-2]
    freedom = max(total - len(line), 1.0)
    sd = float(np.exp(-result.x[-2]) * np.sqrt(total / freedom))
    return line[:-1], float(line[-1]), sd, _eps(result.x[-1])[0]


@dataclass(frozen=True)
class Problem:
    """Mean negative log-likelihood plus penalty, and its gradient.

    ``design`` (n, 10) are features and 1 in the columns ``back`` (10, 10) leads back from.
    """

    rows: Rows
    design: Floats
    back: Floats
    alpha: float

    def __call__(self, vector: Floats) -> tuple[float, Floats]:
        inverse = float(np.exp(vector[-2]))
        eps, slope = _eps(vector[-1])
        score = self.design @ vector[:-2] * inverse
        total = self.rows.counts.sum()
        parts = self._by_row(score, inverse, eps) * (self.rows.counts / total)
        value, by_score, by_inverse, by_eps = parts
        weights = self.back[:-1] @ vector[:-2] * inverse
        penalty = self.alpha / total * weights
        gradient = np.concatenate(
            [
                (self.design.T @ by_score - self.back[:-1].T @ penalty) * inverse,
                [by_inverse.sum() + by_score @ score - penalty @ weights, by_eps.sum() * slope],
            ]
        )
        return float(penalty @ weights / 2.0 - value.sum()), -gradient

    def _by_row(self, score: Floats, inverse: float, eps: float) -> Floats:
        """Return (4, n): log-likelihood, its derivatives by score, by log(1 / sd) and by eps."""
        rows, parts = self.rows, np.zeros((4, len(score)))
        low, high = GPA_RANGE
        inside = (rows.gpa > low) & (rows.gpa < high)
        parts[:3, inside] = _density(score[inside], rows.gpa[inside] * inverse)
        parts[0, inside] += np.log(inverse)
        for at, edge, sign in ((rows.gpa <= low, low, 1.0), (rows.gpa >= high, high, -1.0)):
            parts[:3, at] = _beyond(score[at], edge * inverse, sign)
        known = np.isfinite(rows.gpa)
        parts[0::3, known] += _label(rows.grades[known] == grade_class(rows.gpa[known]), eps)
        parts[:, ~known] = _between(score[~known], rows.grades[~known], inverse, eps)
        return parts


def _eps(raw: float) -> tuple[float, float]:
    """Return eps and its derivative by ``raw``."""
    share = 1.0 / (1.0 + np.exp(-3.0 * raw))
    span = MOST_EPS - FEWEST_EPS
    return float(FEWEST_EPS + span * share), float(3.0 * span * share * (1.0 - share))


def _density(score: Floats, target: Floats) -> Floats:
    z = target - score
    return np.array([-(z**2) / 2.0 - np.log(_ROOT), z, 1.0 - z * target])


def _beyond(score: Floats, edge: float, sign: float) -> Floats:
    """The mass below the lower edge (sign 1) or above the upper one (sign -1)."""
    z = sign * (edge - score)
    value = log_ndtr(z)
    hazard = np.exp(-(z**2) / 2.0 - value) / _ROOT
    return np.array([value, -sign * hazard, sign * hazard * edge])


def _label(right: Floats, eps: float) -> Floats:
    """A grade beside a GPA says nothing about the GPA, only how many labels are random."""
    size = len(GRADES)
    hit = 1.0 - eps + eps / size
    value = np.where(right, np.log(hit), np.log(eps / size))
    return np.array([value, np.where(right, (1.0 / size - 1.0) / hit, 1.0 / eps)])


def _between(score: Floats, grades: Classes, inverse: float, eps: float) -> Floats:
    """The mass between two cut-offs, or a random label."""
    size = len(GRADES)
    cuts = np.concatenate([[np.inf], GPA_CUTOFFS, [-np.inf]]) * inverse
    upper, lower = cuts[grades] - score, cuts[grades + 1] - score
    mass = ndtr(upper) - ndtr(lower)
    mixed = (1.0 - eps) * mass + eps / size
    outer = (1.0 - eps) / np.maximum(mixed, _TINY)
    up, down = (np.exp(-(np.clip(z, -_FAR, _FAR) ** 2) / 2.0) / _ROOT for z in (upper, lower))
    near = np.where(np.isfinite(cuts), cuts, 0.0)
    return np.array(
        [
            np.log(mixed),
            outer * (down - up),
            outer * (up * near[grades] - down * near[grades + 1]),
            (1.0 / size - mass) / mixed,
        ]
    )
