"""Out-of-fold answers: every student judged by a model that never saw that student."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from orchestrator.training.data.students import Students
from orchestrator.training.models.candidates import Candidate, Parameters

FOLDS = 5


def out_of_fold(
    candidate: Candidate, parameters: Parameters, students: Students, seed: int, folds: int = FOLDS
) -> NDArray[np.float64]:
    """Return probabilities (n, 5) of ``students``, each from a fit on the other folds."""
    answers = np.empty((len(students), 5))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for fit_rows, rest_rows in splitter.split(students.features, students.grades):
        part = students.take(fit_rows)
        model = candidate.build(parameters, seed).fit(part.features, part.grades, part.gpa)
        answers[rest_rows] = model.predict_proba(students.features[rest_rows])
    return answers
