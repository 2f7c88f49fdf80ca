"""The learning curve: would more students help?"""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedShuffleSplit

from contract.scores import f1_macro
from orchestrator.training.data.students import Students
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
    """Fit on growing stratified shares of ``train``, score on ``held_out``."""
    points = []
    for share in SHARES:
        scores = []
        size = round(share * len(train))
        for draw in range(DRAWS if share < 1 else 1):
            part = train
            if share < 1:
                splitter = StratifiedShuffleSplit(1, train_size=size, random_state=seed + draw)
                rows, _rest = next(splitter.split(train.features, train.grades))
                part = train.take(rows)
            model = candidate.build(parameters, seed).fit(part.features, part.grades, part.gpa)
            scores.append(f1_macro(held_out.grades, model.predict_proba(held_out.features)))
        points.append(CurvePoint(size, float(np.mean(scores)), float(np.std(scores))))
    return points
