"""Two models on the same students: paired differences, and what they show; pure functions."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from contract.scores import Classes, Floats, f1_macro, f1_of_table, log_loss, row_log_loss
from orchestrator.training.data.label_noise import fit_noise
from orchestrator.training.data.students import Students

F1_MARGIN = 0.01
LOG_LOSS_MARGIN = 0.005
"""How much worse a challenger may be; nats for log-loss. They are fixed: a margin that grows with
the error lets small samples wear the model down."""
GAIN_QUANTILE = 1.96
"""Each of the two tests of a gain is one-sided at 2.5 %, so that together they err in at most 5 %."""
BOUND_QUANTILE = 1.645
"""The bounds against the margins are one-sided at 95 %."""
SAME = 1e-3
"""Probabilities and GPA points; answers that differ by less are the same answers."""
RESAMPLES = 500

Answers = tuple[Floats, Floats]
"""Probabilities (n, 5) and GPA (n,)."""


@dataclass(frozen=True)
class Difference:
    """By how much the challenger is better in the mean, with the paired standard error."""

    gain: float
    error: float

    @classmethod
    def paired(cls, worse: Floats, better: Floats) -> Self:
        """Return the mean of ``worse`` - ``better``, two losses of the same students (n,)."""
        rows = worse - better
        error = float(rows.std(ddof=1) / np.sqrt(len(rows))) if len(rows) > 1 else float("inf")
        return cls(float(rows.mean()), error)

    @property
    def shown(self) -> bool:
        """True if the challenger is better beyond chance."""
        return self.gain > max(0.0, GAIN_QUANTILE * self.error)

    def bounded(self, margin: float) -> bool:
        """True if it is not worse by more than ``margin``, at 95 % confidence."""
        return self.gain - BOUND_QUANTILE * self.error >= -margin


@dataclass(frozen=True)
class Comparison:
    """A challenger and a standing model on the same rows; grades come from GPA where it is known.

    ``gpa`` is the gain in squared error over the ``gpa_rows`` students of known GPA, None without.
    ``flips`` counts students whose grade differs, ``largest`` is the largest |dp| or |dGPA|.
    """

    rows: int
    f1: float
    standing_f1: float
    f1_gain: Difference
    log_loss: float
    standing_log_loss: float
    log_loss_gain: Difference
    gpa_rows: int
    gpa_gain: Difference | None
    flips: int
    largest: float

    @property
    def same(self) -> bool:
        """True if both give the same answers within tolerance."""
        return self.flips == 0 and self.largest <= SAME

    @property
    def gained(self) -> bool:
        """True if log-loss or the GPA's error shows a gain."""
        return self.log_loss_gain.shown or (self.gpa_gain is not None and self.gpa_gain.shown)

    @property
    def not_worse(self) -> bool:
        """True if the margins hold: as measured with a gain shown, else by their 95 % bounds.

        f1-macro on 359 students has a paired standard error of .025: its bound alone would refuse
        six of ten challengers that are truly better by .03.
        """
        if self.gained:
            return self.f1_gain.gain >= -F1_MARGIN and self.log_loss_gain.gain >= -LOG_LOSS_MARGIN
        return self.f1_gain.bounded(F1_MARGIN) and self.log_loss_gain.bounded(LOG_LOSS_MARGIN)

    def describe(self) -> str:
        """Return what was measured."""
        text = (
            f"f1-macro {self.f1:.3f} against {self.standing_f1:.3f} (gain {self.f1_gain.gain:+.3f}, "
            f"standard error {self.f1_gain.error:.3f}), log-loss {self.log_loss:.3f} against "
            f"{self.standing_log_loss:.3f} (gain {self.log_loss_gain.gain:+.4f}, standard error "
            f"{self.log_loss_gain.error:.4f})"
        )
        if self.gpa_gain is None:
            return f"{text}, GPA unknown"
        return (
            f"{text}, squared GPA error less by {self.gpa_gain.gain:+.4f} (standard error "
            f"{self.gpa_gain.error:.4f}, {self.gpa_rows} students)"
        )


def compare(students: Students, challenger: Answers, standing: Answers, seed: int) -> Comparison:
    """Score both models' answers for the same students.

    A grade without a GPA may be noise: each model's log-loss allows for as much of it as explains
    these grades best under its own answers.
    """
    grades = students.clean_grades
    (ours, our_gpa), (theirs, their_gpa) = challenger, standing
    known = np.isfinite(students.gpa)
    errors = [(gpa[known] - students.gpa[known]) ** 2 for gpa in (their_gpa, our_gpa)]
    our_noise, their_noise = (
        np.where(known, 0.0, fit_noise(grades[~known], answers[~known]))
        for answers in (ours, theirs)
    )
    our_grades, their_grades = ours.argmax(axis=1), theirs.argmax(axis=1)
    f1, standing_f1 = f1_macro(grades, ours), f1_macro(grades, theirs)
    return Comparison(
        rows=len(grades),
        f1=f1,
        standing_f1=standing_f1,
        f1_gain=Difference(f1 - standing_f1, _f1_error(grades, our_grades, their_grades, seed)),
        log_loss=log_loss(grades, ours, our_noise),
        standing_log_loss=log_loss(grades, theirs, their_noise),
        log_loss_gain=Difference.paired(
            row_log_loss(grades, theirs, their_noise), row_log_loss(grades, ours, our_noise)
        ),
        gpa_rows=int(known.sum()),
        gpa_gain=Difference.paired(*errors) if known.sum() > 1 else None,
        flips=int((our_grades != their_grades).sum()),
        largest=float(max(np.abs(ours - theirs).max(), np.abs(our_gpa - their_gpa).max())),
    )


def _f1_error(grades: Classes, ours: Classes, theirs: Classes, seed: int) -> float:
    """Return the bootstrap standard error of the paired difference in f1-macro.

    To resample students is to draw counts of (grade, our answer, their answer) anew.
    """
    cells = np.bincount((grades * 5 + ours) * 5 + theirs, minlength=125) / len(grades)
    draws = np.random.default_rng(seed).multinomial(len(grades), cells, RESAMPLES)
    tables = draws.reshape(RESAMPLES, 5, 5, 5).astype(np.float64)
    differences = [
        f1_of_table(table.sum(axis=2)).mean() - f1_of_table(table.sum(axis=1)).mean()
        for table in tables
    ]
    return float(np.std(differences, ddof=1))
