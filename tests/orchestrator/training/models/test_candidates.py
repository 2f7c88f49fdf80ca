"""The candidates: what they fit, and that their ONNX files answer the same."""

from __future__ import annotations

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
from orchestrator.training.models.candidates import BY_NAME, CANDIDATES
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


def test_all_five_grades_are_needed(students: Students) -> None:
    """A classifier that never saw a grade would give its probabilities wrong columns."""
    rows = np.flatnonzero(students.grades != 0)
    part = students.take(rows)
    with pytest.raises(TrainingError, match="all five are needed"):
        BY_NAME["decision_tree"].build(PARAMETERS["decision_tree"], 1).fit(
            part.features, part.grades, part.gpa
        )


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_spaces_build(candidate: Any) -> None:
    """Whatever a space proposes, the candidate can be built from."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(5):
        candidate.build(candidate.space(study.ask()), 1)
