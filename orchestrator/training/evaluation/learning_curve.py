"""The learning curve: would more students help?"""

from dataclasses import dataclass

import numpy as np

from contract.scores import f1_macro
from orchestrator.training.data.students import Students
from orchestrator.training.errors import TrainingError
from orchestrator.training.models.candidates import Candidate, Parameters

SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
DRAWS = 3


@dataclass(frozen=True)
class CurvePoint:
    """f1-macro on held-out rows after training on ``rows`` students; mean and sd over DRAWS."""

    rows: int
    f1_macro: float
    sd: float


def learning_curve(
    candidate: Candidate, parameters: Parameters, train: Students, held_out: Students, seed: int
) -> list[CurvePoint]:
    """Fit on growing random shares of ``train``, score on ``held_out``."""
    points = []
    for share in SHARES:
        scores = []
        size = round(share * len(train))
        for draw in range(DRAWS if share < 1 else 1):
            rows = np.random.default_rng(seed + draw).permutation(len(train))[:size]
            try:
                model = candidate.fit(parameters, train.take(rows), seed)
            except TrainingError:
                continue  # Too few students for this candidate: the curve begins later.
            scores.append(f1_macro(held_out.grades, model.predict_proba(held_out.features)))
        if scores:
            points.append(CurvePoint(size, float(np.mean(scores)), float(np.std(scores))))
    return points
