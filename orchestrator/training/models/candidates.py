"""The candidate models and what Optuna may try for each; the order is the order of preference.

After a drift newly labelled rows count RECENT_WEIGHT times, and a candidate fitted on them alone
competes: where the rule itself has changed, old rows only mislead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from orchestrator.training.data.students import Students
from orchestrator.training.errors import TrainingError
from orchestrator.training.models.estimators import GradeModel, SklearnGrades
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.models.probit import OrderedProbit

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A named model family: its search space and how to build one member (unfitted)."""

    name: str
    title: str
    space: Callable[[Any], dict[str, Any]]
    build: Callable[[Parameters, int], GradeModel]
    draft: Callable[[Parameters, int], GradeModel] | None = None
    recent_alone: bool = False

    def fit(
        self, parameters: Parameters, students: Students, seed: int, draft: bool = False
    ) -> GradeModel:
        """Return a member fitted on ``students``; raises TrainingError where that cannot be.

        A ``draft`` gives the same classes, where possible for less; RECENT_WEIGHT_NAME among the
        parameters says how often a recent row counts.
        """
        own = {name: value for name, value in parameters.items() if name != RECENT_WEIGHT_NAME}
        if self.recent_alone:
            students = students.take(students.recent)
            if len(students) < FEWEST_ALONE:
                raise TrainingError(f"{len(students)} recent students; {FEWEST_ALONE} are needed")
        weight = float(parameters.get(RECENT_WEIGHT_NAME, 1.0))
        build = self.draft if draft and self.draft else self.build
        return build(own, seed).fit(
            students.features,
            students.grades,
            students.gpa,
            np.where(students.recent, weight, 1.0),
        )


WEIGHTS = [None, "balanced"]
RECENT_WEIGHT = 5.0
RECENT_WEIGHT_NAME = "recent_weight"
FEWEST_ALONE = 60
"""Recent rows a model is fitted on by themselves: six for each of its parameters."""

CANDIDATES = (
    Candidate(
        "gpa_gaussian",
        "GPA-Gaussian",
        lambda trial: {"alpha": trial.suggest_float("alpha", 1e-3, 30.0, log=True)},
        lambda parameters, _seed: GaussianGpa(**parameters),
    ),
    Candidate(
        "ordered_probit",
        "Ordered probit",
        lambda trial: {"alpha": trial.suggest_float("alpha", 1e-7, 1e-3, log=True)},
        lambda parameters, _seed: OrderedProbit(**parameters),
    ),
    Candidate(
        "logistic",
        "Multinomial logistic",
        lambda trial: {
            "C": trial.suggest_float("C", 1e-2, 1e3, log=True),
            "class_weight": trial.suggest_categorical("class_weight", WEIGHTS),
        },
        lambda parameters, _seed: SklearnGrades(
            LogisticRegression(max_iter=2000, **parameters), scaled=True
        ),
    ),
    Candidate(
        "svc",
        "Support vector machine",
        lambda trial: {
            "C": trial.suggest_float("C", 0.1, 30.0, log=True),
            "gamma": trial.suggest_float("gamma", 0.01, 3.0, log=True),
            "class_weight": trial.suggest_categorical("class_weight", WEIGHTS),
        },
        lambda parameters, seed: SklearnGrades(
            SVC(probability=True, random_state=seed, **parameters), scaled=True
        ),
        # Probabilities cost five more fits inside (Platt scaling), and tuning asks for classes only.
        lambda parameters, seed: SklearnGrades(SVC(random_state=seed, **parameters), scaled=True),
    ),
    Candidate(
        "random_forest",
        "Random forest",
        lambda trial: {
            "max_depth": trial.suggest_int("max_depth", 4, 16),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 12),
            "max_features": trial.suggest_int("max_features", 2, 9),
            "class_weight": trial.suggest_categorical("class_weight", WEIGHTS),
        },
        lambda parameters, seed: SklearnGrades(
            RandomForestClassifier(n_estimators=100, random_state=seed, **parameters), scaled=False
        ),
    ),
    Candidate(
        "decision_tree",
        "Decision tree",
        lambda trial: {
            "max_depth": trial.suggest_int("max_depth", 3, 12),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, 40),
            "ccp_alpha": trial.suggest_float("ccp_alpha", 1e-5, 1e-2, log=True),
            "class_weight": trial.suggest_categorical("class_weight", WEIGHTS),
        },
        lambda parameters, seed: SklearnGrades(
            DecisionTreeClassifier(random_state=seed, **parameters), scaled=False
        ),
    ),
    Candidate(
        "gradient_boosting",
        "Gradient boosting",
        lambda trial: {
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
            "max_iter": trial.suggest_int("max_iter", 30, 70, step=20),
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 16),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 50),
            "l2_regularization": trial.suggest_float("l2_regularization", 1e-3, 10.0, log=True),
        },
        lambda parameters, seed: SklearnGrades(
            HistGradientBoostingClassifier(random_state=seed, early_stopping=False, **parameters),
            scaled=False,
        ),
    ),
)
RECENT_CANDIDATES = (
    replace(
        CANDIDATES[0],
        name="gpa_gaussian_recent",
        title="GPA-Gaussian, recent rows alone",
        recent_alone=True,
    ),
)
BY_NAME = {candidate.name: candidate for candidate in (*CANDIDATES, *RECENT_CANDIDATES)}


def candidates_for(students: Students) -> tuple[Candidate, ...]:
    """Return the candidates that ``students`` are enough for."""
    # Two thirds of the rows are left to fit on in each fold of tuning.
    enough = 2 * students.recent.sum() >= 3 * FEWEST_ALONE
    return (*CANDIDATES, *(RECENT_CANDIDATES if enough else ()))
