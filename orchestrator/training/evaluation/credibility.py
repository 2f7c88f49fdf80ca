"""Too good to be true? Scores on held-out rows against what the recipe gives on unseen ones."""

from dataclasses import dataclass

import numpy as np

from contract.scores import Floats, accuracy
from orchestrator.training.data.students import Students

SURE = 4.0
"""Standard errors; rows of a group count as one another's, so the errors are somewhat small."""


@dataclass(frozen=True)
class Credibility:
    """Accuracy on held-out ``rows``, and out of fold on ``seen_rows`` training rows alike.

    No model is better on students it never saw than on other students it never saw. The ceiling is
    the recipe's own: another school's may lie anywhere.
    """

    rows: int
    accuracy: float
    seen_rows: int
    ceiling: float

    @property
    def holds(self) -> bool:
        """False if the held-out rows must have leaked into training."""
        return self.accuracy - self.ceiling <= SURE * self.error

    @property
    def error(self) -> float:
        """The standard error of the difference."""
        middle = min(max(self.ceiling, 0.05), 0.95)
        return float(np.sqrt(middle * (1 - middle) * (1 / self.rows + 1 / max(self.seen_rows, 1))))

    def describe(self) -> str:
        """Return what was measured."""
        return (
            f"accuracy {self.accuracy:.3f} on {self.rows} held-out rows, {self.ceiling:.3f} out of "
            f"fold on {self.seen_rows} training rows (standard error {self.error:.3f})"
        )


def credibility(
    held_out: Students, answers: Floats, train: Students, out_of_fold: Floats
) -> Credibility:
    """Compare answers (n, 5) to ``held_out`` with out-of-fold ones (m, 5) to ``train``."""
    return Credibility(
        len(held_out),
        accuracy(held_out.clean_grades, answers),
        len(train),
        accuracy(train.clean_grades, out_of_fold),
    )
