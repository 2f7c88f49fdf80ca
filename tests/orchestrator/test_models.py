"""The candidates: what they fit, and that their ONNX files answer the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from contract.features import FEATURES
from contract.scores import (
    all_scores,
    expected_calibration_error,
    f1_by_grade,
    f1_macro,
    log_loss,
)
from orchestrator.training.data.scaling import fit_scaler
from orchestrator.training.data.simulator import EFFECTS, simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.errors import ConversionError, TrainingError
from orchestrator.training.evaluation.ceiling import bayes_ceiling
from orchestrator.training.models import estimators, probit
from orchestrator.training.models.candidates import BY_NAME, CANDIDATES
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.models.gpa import MIDPOINTS, class_gpa
from orchestrator.training.models.parity import OnnxModel, Parity, measure_parity
from orchestrator.training.models.tuning import tune

PARAMETERS: dict[str, dict[str, Any]] = {
    "gpa_gaussian": {"alpha": 0.1},
    "ordered_probit": {"alpha": 1e-5},
    "logistic": {"C": 10.0, "class_weight": None},
    "svc": {"C": 3.0, "gamma": 0.1, "class_weight": None},
    "random_forest": {
        "max_depth": 8,
        "min_samples_leaf": 3,
        "max_features": 4,
        "class_weight": "balanced",
    },
    "decision_tree": {
        "max_depth": 6,
        "min_samples_leaf": 5,
        "ccp_alpha": 1e-4,
        "class_weight": None,
    },
    "gradient_boosting": {
        "learning_rate": 0.1,
        "max_iter": 20,
        "max_leaf_nodes": 6,
        "min_samples_leaf": 10,
        "l2_regularization": 1.0,
    },
}


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_every_candidate_is_served_as_fitted(candidate: Any, students: Students) -> None:
    """Probabilities sum to one, ONNX agrees on every row, and the outputs are the bundle's."""
    model = candidate.build(PARAMETERS[candidate.name], 1)
    model.fit(students.features, students.grades, students.gpa)
    data = model.to_onnx()
    assert measure_parity(model, data, students.features).holds
    served = OnnxModel(data)
    extreme = np.array([[f.minimum for f in FEATURES], [f.maximum for f in FEATURES]], dtype=float)
    for rows in (students.features, extreme, students.features[:1]):
        probabilities, gpa = served.predict(rows)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
        assert (probabilities >= 0).all() and (gpa >= 0).all() and (gpa <= 4).all()
    graph = onnx.load_from_string(data).graph
    assert [node.name for node in graph.input] == ["features"]
    assert [node.name for node in graph.output] == ["probabilities", "gpa"]
    assert f1_macro(students.grades, served.predict(students.features)[0]) > 0.45


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_fitting_is_reproducible(candidate: Any, students: Students) -> None:
    """Same seed and data, same model bytes."""
    first, second = (
        candidate.build(PARAMETERS[candidate.name], 7)
        .fit(students.features, students.grades, students.gpa)
        .to_onnx()
        for _ in range(2)
    )
    assert first == second


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
    scores, best = all_scores(test.grades, model.predict_proba(test.features)), bayes_ceiling()
    assert scores["f1_macro"] > best["f1_macro"] - 0.01
    assert scores["log_loss"] < best["log_loss"] + 0.01
    assert best["clean_f1_macro"] == pytest.approx(0.737, abs=0.01)


def test_late_labels_may_lack_gpa(students: Students) -> None:
    """Rows without GPA are left out of the regression; without any GPA there is nothing to fit."""
    gpa = students.gpa.copy()
    gpa[::2] = np.nan
    half = GaussianGpa().fit(students.features, students.grades, gpa)
    rest = students.take(np.arange(len(students))[1::2])
    only = GaussianGpa().fit(rest.features, rest.grades, rest.gpa)
    np.testing.assert_allclose(half.weights, only.weights)
    with pytest.raises(TrainingError, match="GPA is known for 0 rows"):
        GaussianGpa().fit(students.features, students.grades, np.full(len(students), np.nan))


def test_eps_never_changes_the_class(students: Students) -> None:
    """Mixing with even noise keeps the order of the probabilities."""
    model = GaussianGpa().fit(students.features, students.grades, students.gpa)
    noisy = model.predict_proba(students.features).argmax(axis=1)
    model.eps = 0.0
    assert (model.predict_proba(students.features).argmax(axis=1) == noisy).all()


def test_probit_gradient(students: Students) -> None:
    """The analytic gradient is the numeric one."""
    scaled = (students.features - students.features.min(0)) / np.ptp(students.features, axis=0)
    objective = probit._objective  # pylint: disable=protected-access
    point = np.random.default_rng(0).normal(size=14) * 0.3
    difference = check_grad(
        lambda x: objective(x, scaled, students.grades, 0.01)[0],
        lambda x: objective(x, scaled, students.grades, 0.01)[1],
        point,
    )
    assert difference < 1e-6


def test_the_scaler_inside_is_the_logged_one(frame: Any, students: Students) -> None:
    """A model behind a scaler scales as the artifact says."""
    model = BY_NAME["logistic"].build(PARAMETERS["logistic"], 1)
    model.fit(students.features, students.grades, students.gpa)
    inside = model.pipeline.named_steps["scale"]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(inside.scale_, fit_scaler(frame).scale_)


def test_class_gpa() -> None:
    """Noisy rows do not move a grade's GPA; a grade without rows gets its midpoint."""
    gpa = np.array([3.8] * 6 + [0.5] * 6)
    grades = np.array([0] * 6 + [0] * 3 + [4] * 3)
    means = class_gpa(grades, gpa)
    assert means[0] == pytest.approx(3.8)
    assert means[1:].tolist() == list(MIDPOINTS[1:])


def test_parity_refuses_differences(students: Students) -> None:
    """A class flip or a difference above 1e-4, in either output, is a refusal."""
    assert Parity(10, 0, 1e-4, 0.0).holds
    assert not Parity(10, 1, 0.0, 0.0).holds
    assert not Parity(10, 0, 1.1e-4, 0.0).holds
    assert not Parity(10, 0, 0.0, 2e-4).holds
    model = GaussianGpa().fit(students.features, students.grades, students.gpa)
    data = model.to_onnx()
    model.bias += 0.01
    assert not measure_parity(model, data, students.features).holds


@pytest.mark.parametrize("data", [b"", b"not a model"])
def test_unreadable_models(data: bytes) -> None:
    """Bytes that are no model are refused as such."""
    with pytest.raises(ConversionError, match="not readable"):
        OnnxModel(data)


def test_foreign_outputs_are_refused() -> None:
    """A model with other names is not a bundle's."""
    node = onnx.helper.make_node("Identity", ["features"], ["out"])
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node], "g", [info("features", 1, ["n", 9])], [info("out", 1, ["n", 9])]
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    with pytest.raises(ConversionError, match="outputs are"):
        OnnxModel(model.SerializeToString())


class Unconvertible:
    """A classifier skl2onnx has never heard of."""

    classes_ = range(5)

    def fit(self, _features: Any, _grades: Any) -> Unconvertible:
        """Learn nothing."""
        return self

    def predict_proba(self, features: Any) -> Any:
        """Say the same of everyone."""
        return np.full((len(features), 5), 0.2)


def test_what_cannot_be_converted_is_named(students: Students) -> None:
    """The refusal names the method."""
    model = estimators.SklearnGrades(Unconvertible(), scaled=False)
    model.fit(students.features, students.grades, students.gpa)
    with pytest.raises(ConversionError, match="Unconvertible cannot be written as ONNX"):
        model.to_onnx()


def test_all_five_grades_are_needed(students: Students) -> None:
    """A classifier that never saw a grade would give its probabilities wrong columns."""
    rows = np.flatnonzero(students.grades != 0)
    part = students.take(rows)
    with pytest.raises(TrainingError, match="all five are needed"):
        BY_NAME["decision_tree"].build(PARAMETERS["decision_tree"], 1).fit(
            part.features, part.grades, part.gpa
        )


def test_tuning_is_seeded_and_pruned(students: Students) -> None:
    """The same seed finds the same parameters; hopeless trials are cut; each trial is counted."""
    counted: list[int] = []
    candidate = BY_NAME["decision_tree"]
    first = tune(candidate, students, 14, 3, lambda: counted.append(1))
    second = tune(candidate, students, 14, 3)
    assert first == second and len(counted) == 14
    assert any(trial.pruned for trial in first.trials)
    assert first.f1_macro == max(t.f1_macro for t in first.trials if not t.pruned)
    assert tune(candidate, students, 14, 4).parameters != first.parameters


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_spaces_build(candidate: Any) -> None:
    """Whatever a space proposes, the candidate can be built from."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(5):
        candidate.build(candidate.space(study.ask()), 1)


ANSWERS = st.integers(5, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4), min_size=n, max_size=n), st.integers(0, 2**32 - 1)
    )
)


@settings(deadline=None)
@given(ANSWERS)
def test_scores_agree_with_scikit_learn(case: tuple[list[int], int]) -> None:
    """The vectorised scores are the textbook's."""
    from sklearn import metrics as reference  # pylint: disable=import-outside-toplevel

    grades = np.array(case[0])
    answers = np.random.default_rng(case[1]).dirichlet(np.ones(5), len(grades))
    predicted = answers.argmax(axis=1)
    expected = reference.f1_score(grades, predicted, labels=range(5), average=None, zero_division=0)
    np.testing.assert_allclose(f1_by_grade(grades, predicted), expected)
    expected_loss = reference.log_loss(grades, answers, labels=range(5))
    assert log_loss(grades, answers) == pytest.approx(expected_loss)
    assert 0 <= expected_calibration_error(grades, answers) <= 1


def test_calibration_error_of_known_answers() -> None:
    """All certain and half right is an error of one half."""
    answers = np.tile([1.0, 0, 0, 0, 0], (10, 1))
    grades = np.array([0] * 5 + [4] * 5)
    assert expected_calibration_error(grades, answers) == pytest.approx(0.5)
    assert all_scores(grades, answers)["ordinal_error"] == pytest.approx(2.0)
