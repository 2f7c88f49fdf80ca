"""Repeated stratified cross-validation: what each candidate is worth, and how sure that is."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from contract.scores import Floats, all_scores, expected_calibration_error, with_noise
from orchestrator.training.data.students import Students
from orchestrator.training.models.candidates import BY_NAME, Candidate, Parameters
from orchestrator.training.models.folds import Fold, folds_of
from orchestrator.training.models.tuning import single_threaded_pool

FOLDS = 5
REPEATS = 5
OTHERS = 2
"""Candidates that were not selected get fewer repeats, and wider errors for it."""
HEADLINE = ("accuracy", "f1_macro", "log_loss", "ece", "clean_ece", "ordinal_error")


@dataclass(frozen=True)
class FoldScores:
    """Mean and standard error of each score over all folds.

    ``ece`` and, against grades by GPA, ``clean_ece`` pool each repeat's out-of-fold answers first:
    bins of a single fold are too thin. Log-loss and ``ece`` mix in the label noise the model has
    learned from its fold. The standard error is sd / sqrt(folds); folds share training rows, so it
    is somewhat optimistic.
    """

    folds: int
    mean: dict[str, float]
    error: dict[str, float]


@dataclass(frozen=True)
class CrossValidation:
    """The scores of every candidate by name; none where it was left out."""

    scores: dict[str, FoldScores]

    def table(self) -> pd.DataFrame:
        """Return one row per candidate: each headline score and its standard error."""
        rows: list[dict[str, Any]] = []
        for name, scores in self.scores.items():
            row = {"candidate": name, "title": BY_NAME[name].title, "folds": scores.folds}
            for score in HEADLINE:
                row |= {score: scores.mean[score], f"{score}_se": scores.error[score]}
            rows.append(row)
        return pd.DataFrame(rows)


def cross_validate(
    candidate: Candidate,
    parameters: Parameters,
    students: Students,
    seed: int,
    repeats: int = REPEATS,
) -> FoldScores:
    """Fit and score ``candidate`` on FOLDS x ``repeats`` stratified folds of ``students``."""
    scores: list[dict[str, float]] = []
    pooled: dict[str, list[float]] = {"ece": [], "clean_ece": []}
    for repeat in range(repeats):
        folds = folds_of(students, FOLDS, seed + repeat)
        answers, noise = _answers(candidate, parameters, students, seed, folds)
        scores += [
            all_scores(students.grades[rest], answers[rest], noise[rest]) for _, rest in folds
        ]
        given = with_noise(answers, noise)
        pooled["ece"].append(expected_calibration_error(students.grades, given))
        pooled["clean_ece"].append(expected_calibration_error(students.clean_grades, answers))
    columns = {name: np.array([score[name] for score in scores]) for name in scores[0]}
    columns |= {name: np.array(values) for name, values in pooled.items()}
    return FoldScores(
        folds=len(scores),
        mean={name: float(values.mean()) for name, values in columns.items()},
        error={
            name: float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0
            for name, values in columns.items()
        },
    )


def out_of_fold(
    candidate: Candidate, parameters: Parameters, students: Students, seed: int
) -> Floats:
    """Return probabilities (n, 5) of ``students``, each from a model that never saw that student."""
    folds = folds_of(students, FOLDS, seed)
    return _answers(candidate, parameters, students, seed, folds)[0]


def _answers(
    candidate: Candidate, parameters: Parameters, students: Students, seed: int, folds: list[Fold]
) -> tuple[Floats, Floats]:
    """Return out-of-fold answers (n, 5) and the label noise learned in each row's fold (n,)."""

    def answer(fold: Fold) -> tuple[Floats, float]:
        model = candidate.fit(parameters, students.take(fold[0]), seed)
        return model.predict_proba(students.features[fold[1]]), model.eps

    answers, noise = np.empty((len(students), 5)), np.empty(len(students))
    with single_threaded_pool() as pool:
        for (_, rest), (probabilities, eps) in zip(folds, pool.map(answer, folds)):
            answers[rest], noise[rest] = probabilities, eps
    return answers, noise
