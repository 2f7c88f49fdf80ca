"""Too good to be true: honest scores pass, a leak does not."""

from __future__ import annotations

import numpy as np

from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.credibility import Credibility, credibility
from orchestrator.training.evaluation.cross_validation import out_of_fold
from orchestrator.training.models.candidates import BY_NAME
from tests.orchestrator.support.parameters import PARAMETERS


def test_chance_is_credible() -> None:
    """Four standard errors are allowed, both samples counted."""
    assert Credibility(100, 0.9, 1000, 0.77).holds
    assert not Credibility(400, 0.9, 1000, 0.77).holds
    assert Credibility(60, 1.0, 60, 0.97).holds


def test_a_forest_that_saw_the_held_out_rows_is_found() -> None:
    """GIVEN held-out rows among the training rows THEN the forest's score on them is no credit."""
    train = Students.from_frame(simulate_students(900, seed=1, noisy_tail=0))
    held = Students.from_frame(simulate_students(300, seed=2, noisy_tail=0))
    name = "random_forest"
    deep = PARAMETERS[name] | {"max_depth": 16, "min_samples_leaf": 1}
    for students, holds in ((train, True), (train.join(held), False)):
        model = BY_NAME[name].fit(deep, students, 1)
        unseen = out_of_fold(BY_NAME[name], deep, train, 1)
        found = credibility(held, model.predict_proba(held.features), train, unseen)
        assert found.holds is holds, found.describe()
    assert np.isfinite(found.error)
