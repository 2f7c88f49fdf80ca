"""The candidates: what they fit, and that their ONNX files answer the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import optuna
import pytest

from contract.features import FEATURES
from contract.scores import f1_macro
from orchestrator.training.data.scaling import fit_scaler
from orchestrator.training.data.students import Students
from orchestrator.training.errors import TrainingError
from orchestrator.training.models.candidates import (
    BY_NAME,
    CANDIDATES,
    RECENT_WEIGHT_NAME,
    candidates_for,
)
from orchestrator.training.models.parity import OnnxModel, measure_parity
from tests.orchestrator.support.parameters import PARAMETERS


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


def test_the_scaler_inside_is_the_logged_one(frame: Any, students: Students) -> None:
    """A model behind a scaler scales as the artifact says."""
    model = BY_NAME["logistic"].build(PARAMETERS["logistic"], 1)
    model.fit(students.features, students.grades, students.gpa)
    inside = model.pipeline.named_steps["scale"]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(inside.scale_, fit_scaler(frame).scale_)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_a_school_that_gives_no_a(candidate: Any, students: Students) -> None:
    """GIVEN no A in training THEN every candidate answers, its file too, and hardly with an A."""
    part = students.take((students.clean_grades > 0) & (students.grades > 0))
    model = candidate.fit(PARAMETERS[candidate.name], part, 1)
    data = model.to_onnx()
    assert measure_parity(model, data, students.features).holds
    answers, _gpa = OnnxModel(data).predict(part.features)
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, atol=1e-5)
    assert (answers.argmax(axis=1) == 0).mean() < 0.02


def test_one_grade_alone_is_refused(students: Students) -> None:
    """There is nothing to tell apart."""
    part = students.take((students.clean_grades == 4) & (students.grades == 4))
    with pytest.raises(TrainingError, match=r"one grade alone is seen \(F\)"):
        BY_NAME["decision_tree"].fit(PARAMETERS["decision_tree"], part, 1)


@pytest.mark.parametrize("name", ["gpa_gaussian", "ordered_probit", "logistic", "decision_tree"])
def test_recent_rows_weigh_more_if_asked(name: str, students: Students) -> None:
    """GIVEN recent rows THEN counting each five times is what five copies of each would do."""
    recent = np.arange(len(students)) < 300
    marked = replace(students, recent=recent)
    copies = students.take(
        np.concatenate([np.arange(len(students)), *[np.flatnonzero(recent)] * 4])
    )
    weighted = BY_NAME[name].fit(PARAMETERS[name] | {RECENT_WEIGHT_NAME: 5.0}, marked, 1)
    copied = BY_NAME[name].fit(PARAMETERS[name], copies, 1)
    plain = BY_NAME[name].fit(PARAMETERS[name], marked, 1)
    answers, expected, other = (
        model.predict_proba(students.features) for model in (weighted, copied, plain)
    )
    if name != "decision_tree":  # a leaf's least rows are counted unweighted
        np.testing.assert_allclose(answers, expected, atol=5e-3)
    assert np.abs(answers - other).max() > 1e-3


def test_recent_rows_alone(students: Students) -> None:
    """The candidate for a changed rule sees recent rows only, and needs enough of them."""
    marked = replace(students, recent=np.arange(len(students)) >= 900)
    alone = BY_NAME["gpa_gaussian_recent"].fit(PARAMETERS["gpa_gaussian"], marked, 1)
    part = BY_NAME["gpa_gaussian"].fit(PARAMETERS["gpa_gaussian"], students.take(marked.recent), 1)
    np.testing.assert_array_equal(
        alone.predict_proba(students.features), part.predict_proba(students.features)
    )
    assert candidates_for(marked)[-1].name == "gpa_gaussian_recent"
    assert candidates_for(students) == CANDIDATES
    with pytest.raises(TrainingError, match="0 recent students; 60 are needed"):
        BY_NAME["gpa_gaussian_recent"].fit({}, students, 1)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_spaces_build(candidate: Any) -> None:
    """Whatever a space proposes, the candidate can be built from."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(5):
        candidate.build(candidate.space(study.ask()), 1)
