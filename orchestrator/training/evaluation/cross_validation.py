"""Repeated stratified cross-validation: what each candidate is worth, and how sure that is."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from contract.scores import all_scores
from orchestrator.training.data.students import Students
from orchestrator.training.models.candidates import Candidate, Parameters

FOLDS = 5
REPEATS = 5
OTHERS = 2
"""Candidates that were not selected get fewer repeats, and wider errors for it."""
WORKERS = 2


def single_threaded_pool() -> ThreadPoolExecutor:
    """Return a pool of WORKERS threads whose numerical libraries use one thread each.

    OpenMP's limit belongs to the thread that sets it, hence the initializer. Fits of a few thousand
    rows lose more to threads waiting for each other than they win: gradient boosting took 9 s a
    trial beside busy neighbours, .6 s with one thread.
    """
    return ThreadPoolExecutor(WORKERS, initializer=threadpool_limits, initargs=(1,))


@dataclass(frozen=True)
class Compared:
    """Mean and standard error of each score over all folds.

    ``ece`` pools each repeat's out-of-fold answers first: bins of a single fold are too thin. The
    standard error is sd / sqrt(folds); folds share training rows, so it is somewhat optimistic.
    """

    folds: int
    mean: dict[str, float]
    error: dict[str, float]


def cross_validate(
    candidate: Candidate,
    parameters: Parameters,
    students: Students,
    seed: int,
    repeats: int = REPEATS,
) -> Compared:
    """Fit and score ``candidate`` on FOLDS x ``repeats`` stratified folds of ``students``."""

    def one(job: tuple[NDArray[np.intp], NDArray[np.intp]]) -> NDArray[np.float64]:
        part = students.take(job[0])
        model = candidate.build(parameters, seed).fit(part.features, part.grades, part.gpa)
        return model.predict_proba(students.features[job[1]])

    scores: list[dict[str, float]] = []
    pooled: list[float] = []
    with single_threaded_pool() as pool:
        for repeat in range(repeats):
            splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat)
            jobs = list(splitter.split(students.features, students.grades))
            answers = np.empty((len(students), 5))
            for (_, rest), probabilities in zip(jobs, pool.map(one, jobs)):
                scores.append(all_scores(students.grades[rest], probabilities))
                answers[rest] = probabilities
            pooled.append(all_scores(students.grades, answers)["ece"])
    columns = {name: np.array([score[name] for score in scores]) for name in scores[0]}
    columns["ece"] = np.array(pooled)
    return Compared(
        folds=len(scores),
        mean={name: float(values.mean()) for name, values in columns.items()},
        error={
            name: float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0
            for name, values in columns.items()
        },
    )
