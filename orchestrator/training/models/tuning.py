"""Optuna over one candidate's space: seeded, pruned, cross-validated on the training split only."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from threadpoolctl import threadpool_limits

from contract.scores import f1_macro
from orchestrator.training.data.students import Students
from orchestrator.training.models.candidates import RECENT_WEIGHT_NAME, Candidate
from orchestrator.training.models.folds import folds_of

FOLDS = 3
# Differences of f1-macro between folds have an sd of about .04, so a trial is pruned only when it
# is below the median of the finished ones after its second fold.
WARM_UP_FOLDS = 1
START_UP_TRIALS = 4
WORKERS = 2


@dataclass(frozen=True)
class Trial:
    """One finished or pruned trial: its parameters and mean f1-macro over the folds it ran."""

    parameters: dict[str, Any]
    f1_macro: float
    pruned: bool


@dataclass(frozen=True)
class Tuned:
    """The best parameters found and every trial on the way."""

    parameters: dict[str, Any]
    f1_macro: float
    trials: list[Trial]


def tune(
    candidate: Candidate,
    train: Students,
    trials: int,
    seed: int,
    on_trial: Callable[[], object] = lambda: None,
    recent_weight: float | None = None,
) -> Tuned:
    """Search ``trials`` members of ``candidate``; the same seed gives the same answer.

    The objective is the mean f1-macro of FOLDS folds of ``train``; ``on_trial`` is called after
    each trial (progress bars). With ``recent_weight`` recent rows count that often, and they alone
    are scored; it becomes one of the parameters.
    """
    fixed = {} if recent_weight is None else {RECENT_WEIGHT_NAME: recent_weight}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folds = folds_of(train, FOLDS, seed)

    def objective(trial: optuna.Trial) -> float:
        parameters = candidate.space(trial) | fixed
        scores: list[float] = []
        for step, (fit_rows, score_rows) in enumerate(folds):
            part, rest = train.take(fit_rows), train.take(score_rows)
            if fixed:
                rest = rest.take(rest.recent)
            model = candidate.fit(parameters, part, seed, draft=True)
            scores.append(f1_macro(rest.grades, model.predict_proba(rest.features)))
            trial.report(float(np.mean(scores)), step)
            if step + 1 < len(folds) and trial.should_prune():
                raise optuna.TrialPruned()
        return float(np.mean(scores))

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=START_UP_TRIALS),
        pruner=optuna.pruners.MedianPruner(
            n_startup_trials=START_UP_TRIALS, n_warmup_steps=WARM_UP_FOLDS
        ),
    )
    study.optimize(objective, n_trials=trials, callbacks=[lambda _study, _trial: on_trial()])
    return Tuned(
        parameters=study.best_params | fixed,
        f1_macro=float(study.best_value),
        trials=[_trial(trial) for trial in study.trials],
    )


def single_threaded_pool() -> ThreadPoolExecutor:
    """Return a pool of WORKERS threads whose numerical libraries use one thread each.

    OpenMP's limit belongs to the thread that sets it, hence the initializer. Fits of a few thousand
    rows lose more to threads waiting for each other than they win: gradient boosting took 9 s a
    trial beside busy neighbours, .6 s with one thread.
    """
    return ThreadPoolExecutor(WORKERS, initializer=threadpool_limits, initargs=(1,))


def _trial(trial: optuna.trial.FrozenTrial) -> Trial:
    pruned = trial.state == optuna.trial.TrialState.PRUNED
    reached = trial.intermediate_values
    value = reached[max(reached)] if reached else float("nan")
    return Trial(dict(trial.params), float(value), pruned)
