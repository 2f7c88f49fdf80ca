"""Label noise: labels against the GPA cut-offs, where in the file they part, and how to train on.

The real file's labels follow the GPA cut-offs exactly up to a row, and after it look drawn at
random. Nothing is dropped for that: the share of random labels, ``eps``, belongs to likelihoods and
to scores against labels as given, never into answers.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import chisquare

from contract.grades import GRADES, grade_class
from contract.scores import Classes, Floats, log_loss

MINIMAL_GAIN = 10.0
"""Log-likelihood a change point must gain over one even rate (nats); by chance it stays below 6."""


@dataclass(frozen=True)
class LabelNoise:
    """What the labels look like against the GPA, over the whole file and by position.

    ``eps`` is the share of labels that are as good as random (0-1).
    """

    rows: int
    mismatches: int
    first_noisy_row: int | None
    mismatch_before: float
    mismatch_after: float
    uniform_p_value: float | None
    share_of_a_in_tail: float | None
    eps: float

    def describe(self) -> str:
        """Return the finding in two sentences."""
        if not self.rows:
            return "no GPA is known to compare the labels with; models learn eps from the labels."
        share = self.mismatches / max(self.rows, 1)
        text = f"{self.mismatches} of {self.rows} labels ({share:.1%}) contradict the GPA cut-offs"
        if self.first_noisy_row is None:
            return f"{text}; they are spread evenly over the file."
        return (
            f"{text}; from row {self.first_noisy_row} on {self.mismatch_after:.0%} do, before it "
            f"{self.mismatch_before:.1%}. No row is dropped; the share of random labels is eps = {self.eps:.3f}."
        )


def inspect_labels(grades: Classes, gpa: Floats) -> LabelNoise:
    """Compare labels with GPA cut-offs in file order; shapes (n,); rows without GPA are left out.

    The change point is the maximum-likelihood split of a Bernoulli sequence in two rates (Hinkley
    1970), accepted only if the later rate is higher and the gain exceeds MINIMAL_GAIN.
    """
    grades, gpa = grades[np.isfinite(gpa)], gpa[np.isfinite(gpa)]
    wrong = (grades != grade_class(gpa)).astype(np.float64)
    start = _change_point(wrong)
    tail = grades[start:] if start is not None else grades[:0]
    total_a = int((grades == 0).sum())
    return LabelNoise(
        rows=len(grades),
        mismatches=int(wrong.sum()),
        first_noisy_row=start,
        mismatch_before=float(wrong[:start].mean()) if len(wrong) else 0.0,
        mismatch_after=float(wrong[start:].mean()) if start is not None else 0.0,
        uniform_p_value=(
            float(chisquare(np.bincount(tail, minlength=len(GRADES))).pvalue)
            if start is not None
            else None
        ),
        share_of_a_in_tail=(
            float((tail == 0).sum() / total_a) if start is not None and total_a else None
        ),
        eps=random_share(float(wrong.mean())) if len(wrong) else 0.0,
    )


def random_share(mismatch: float) -> float:
    """Return the share of labels that are random, given the share that contradict the GPA.

    Of uniformly drawn labels one in five is right by chance, so mismatches understate it.
    """
    return min(mismatch * len(GRADES) / (len(GRADES) - 1), 1.0)


def fit_noise(grades: Classes, probabilities: Floats) -> float:
    """Return the share of random labels that explains ``grades`` (n,) best, given their chances.

    ``probabilities`` (n, 5) are those of the true grade. Learned anew from whatever rows are given.
    """
    if grades.size == 0:
        return 0.0
    found = minimize_scalar(
        lambda share: log_loss(grades, probabilities, share),
        bounds=(0.0, 1.0),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(found.x)


def _change_point(wrong: Floats) -> int | None:
    n = len(wrong)
    if n < 2:
        return None
    before = np.arange(1, n, dtype=np.float64)
    hits = wrong.cumsum()[:-1]
    split = _log_likelihood(hits, before) + _log_likelihood(wrong.sum() - hits, n - before)
    best = int(split.argmax())
    even = float(_log_likelihood(np.array([wrong.sum()]), np.array([float(n)]))[0])
    start = best + 1
    rises = wrong[start:].mean() > wrong[:start].mean()
    return start if rises and split[best] - even > MINIMAL_GAIN else None


def _log_likelihood(hits: Floats, n: Floats) -> Floats:
    misses = n - hits
    rate = hits / n
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(hits > 0, hits * np.log(rate), 0.0)
        value += np.where(misses > 0, misses * np.log1p(-rate), 0.0)
    return value
