"""GPA-Gaussian: at the ceiling, with readable weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contract.features import FEATURE_NAMES, FEATURES
from contract.scores import all_scores, expected_calibration_error
from orchestrator.training.data.simulator import EFFECTS, NOISE_SD, simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.errors import TrainingError
from orchestrator.training.evaluation.ceiling import bayes_ceiling
from orchestrator.training.models.gaussian import GaussianGpa
from tests.orchestrator.support.schools import ruled


def test_gaussian_recovers_the_simulator() -> None:
    """On many students the weights are the simulator's, and eps its label noise."""
    students = Students.from_frame(simulate_students(40_000, seed=2))
    model = GaussianGpa().fit(students.features, students.grades, students.gpa)
    found = dict(zip([f.name for f in FEATURES], model.weights))
    for name in ("StudyTimeWeekly", "Absences", "Tutoring"):
        assert found[name] == pytest.approx(EFFECTS[name], rel=0.06)
    assert model.eps == pytest.approx(216 / 2392, abs=0.01)


def test_gaussian_stands_at_the_ceiling() -> None:
    """Fitted on 5,000 and scored on 20,000 fresh students it is within .01 of the Bayes rule."""
    train = Students.from_frame(simulate_students(5000, seed=1))
    test = Students.from_frame(simulate_students(20_000, seed=2))
    model = GaussianGpa().fit(train.features, train.grades, train.gpa)
    scores, best = (
        all_scores(test.grades, model.predict_proba(test.features), model.eps),
        bayes_ceiling(),
    )
    assert scores["f1_macro"] > best["f1_macro"] - 0.01
    assert scores["log_loss"] < best["log_loss"] + 0.01
    assert best["clean_f1_macro"] == pytest.approx(0.737, abs=0.01)


def test_late_grades_move_the_weights(students: Students) -> None:
    """GIVEN the file and 240 grades of another rule WHEN fitted THEN they show in the answers."""
    late = Students.from_frame(ruled(simulate_students(240, seed=8), 0.9))
    both = students.join(replace(late, gpa=np.full(len(late), np.nan)))
    before = GaussianGpa().fit(students.features, students.grades, students.gpa)
    after = GaussianGpa().fit(both.features, both.grades, both.gpa)
    absences = FEATURE_NAMES.index("Absences")
    assert after.weights[absences] > before.weights[absences]
    moved = after.predict_proba(late.features) - before.predict_proba(late.features)
    assert np.abs(moved).max() > 0.005


def test_grades_alone_are_enough() -> None:
    """GIVEN no GPA at all THEN the cut-offs are the scale: weights, sd and eps are found."""
    students = Students.from_frame(simulate_students(20_000, seed=4))
    model = GaussianGpa().fit(students.features, students.grades, np.full(len(students), np.nan))
    found = dict(zip(FEATURE_NAMES, model.weights))
    assert found["Absences"] == pytest.approx(EFFECTS["Absences"], rel=0.03)
    assert model.sd == pytest.approx(NOISE_SD, rel=0.06)
    assert model.eps == pytest.approx(216 / 2392, abs=0.01)


def test_a_clipped_gpa_does_not_bend_the_line() -> None:
    """GIVEN half the GPAs at the lower end THEN the effects are those of the unclipped GPA."""
    frame = simulate_students(20_000, seed=6)
    frame = frame[frame["Absences"] > 10].reset_index(drop=True)
    students = Students.from_frame(frame)
    low = np.clip(students.gpa - 1.2, 0, 4)
    assert (low == 0).mean() > 0.4
    model = GaussianGpa().fit(students.features, students.grades, low)
    found = dict(zip(FEATURE_NAMES, model.weights))
    assert found["Absences"] == pytest.approx(EFFECTS["Absences"], rel=0.05)


def test_too_few_students() -> None:
    """Nineteen students are no school."""
    few = Students.from_frame(simulate_students(19, seed=1))
    with pytest.raises(TrainingError, match="19 students; 20 are needed"):
        GaussianGpa().fit(few.features, few.grades, few.gpa)


def test_answers_are_chances_of_the_true_grade() -> None:
    """GIVEN noisy labels THEN answers are calibrated on clean grades, and eps makes them fit."""
    train = Students.from_frame(simulate_students(4000, seed=1))
    test = Students.from_frame(simulate_students(20_000, seed=2))
    model = GaussianGpa().fit(train.features, train.grades, train.gpa)
    answers = model.predict_proba(test.features)
    assert expected_calibration_error(test.clean_grades, answers) < 0.012
    assert all_scores(test.grades, answers, model.eps)["ece"] < 0.012
    assert all_scores(test.grades, answers)["ece"] > 0.04
