"""Repeated stratified cross-validation: what each candidate is worth, and how sure that is."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from contract.scores import Floats, all_scores
from orchestrator.training.data.students import Students
from orchestrator.training.models.candidates import BY_NAME, Candidate, Parameters
from orchestrator.training.models.tuning import single_threaded_pool

FOLDS = 5
REPEATS = 5
OTHERS = 2
"""Candidates that were not selected get fewer repeats, and wider errors for it."""
HEADLINE = ("accuracy", "f1_macro", "log_loss", "ece", "ordinal_error")

Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


@dataclass(frozen=True)
class FoldScores:
    """Mean and standard error of each score over all folds.

    ``ece`` pools each repeat's out-of-fold answers first: bins of a single fold are too thin. The
    standard error is sd / sqrt(folds); folds share training rows, so it is somewhat optimistic.
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
    pooled: list[float] = []
    for repeat in range(repeats):
        folds = _folds(students, seed + repeat)
        answers = _answers(candidate, parameters, students, seed, folds)
        scores += [all_scores(students.grades[rest], answers[rest]) for _, rest in folds]
        pooled.append(all_scores(students.grades, answers)["ece"])
    columns = {name: np.array([score[name] for score in scores]) for name in scores[0]}
    columns["ece"] = np.array(pooled)
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
    return _answers(candidate, parameters, students, seed, _folds(students, seed))


def _folds(students: Students, seed: int) -> Folds:
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(students.features, students.grades))


def _answers(
    candidate: Candidate, parameters: Parameters, students: Students, seed: int, folds: Folds
) -> Floats:
    def answer(fold: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Floats:
        part = students.take(fold[0])
        model = candidate.build(parameters, seed).fit(part.features, part.grades, part.gpa)
        return model.predict_proba(students.features[fold[1]])

    answers = np.empty((len(students), 5))
    with single_threaded_pool() as pool:
        for (_, rest), probabilities in zip(folds, pool.map(answer, folds)):
            answers[rest] = probabilities
    return answers
