"""A model is verified before it may answer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from contract.bundle import BundleError, parse_manifest
from contract.grades import GPA_CUTOFFS, GRADES
from inference.model.predictor import Predictor
from tests.inference.support import factory
from tests.inference.support.onnx_faults import constant_model, renamed


def build(model: bytes | None = None, **changes: Any) -> Predictor:
    """Return a predictor of version 1 with ``changes`` in its manifest."""
    data = factory.gpa_gaussian() if model is None else model
    text = json.dumps({**factory.manifest("1", data), **changes}).encode()
    return Predictor(parse_manifest(text), data)


def test_predictions_equal_the_formula() -> None:
    """The graph gives what plain Python computes, for one row as for many."""
    rows = np.random.default_rng(1).uniform(0, 4, (50, 9))
    probabilities, gpa = factory.expected(rows)
    answer = build().predict(rows)
    assert answer.probabilities == pytest.approx(np.array(probabilities), abs=1e-5)
    assert answer.gpa == pytest.approx(np.array(gpa), abs=1e-5)
    assert build().predict(rows[:1]).probabilities == pytest.approx(answer.probabilities[:1])
    assert build().predict(np.empty((0, 9))).probabilities.shape == (0, len(GRADES))


def test_gpa_stays_on_its_scale() -> None:
    """Whatever a model says, a GPA is 0 to 4."""
    low, high = build().predict([[0, 0, 365, 0, 0, 0, 0, 0, 0], [4, 168, 0, 1, 4, 1, 1, 1, 1]]).gpa
    assert (low, high) == (0.0, 4.0)


def test_a_column_of_gpas_and_another_input_name_are_read_too() -> None:
    """gpa (n, 1) and any name of the one input are tolerated."""
    predictor = build(renamed(input_name="float_input", column=True))
    assert predictor.predict(np.zeros((3, 9))).gpa.shape == (3,)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (b"", "cannot be loaded"),
        (b"not a model", "cannot be loaded"),
        (factory.gpa_gaussian()[:-200], "cannot be loaded"),
        (renamed(outputs=("p", "gpa")), "one input and the outputs"),
        (renamed(outputs=("probabilities", "x")), "one input and the outputs"),
        (constant_model([0.2] * 5, gpa=float("nan")), "golden rows give no probabilities"),
        (constant_model([float("nan")] * 5), "golden rows give no probabilities"),
        (constant_model([0.5] * 5), "golden rows give no probabilities"),
        (constant_model([-0.2, 0.6, 0.2, 0.2, 0.2]), "golden rows give no probabilities"),
        (constant_model([0.25] * 4), "golden rows give another shape"),
        (constant_model([0.2] * 5), "golden rows differ by"),
        (factory.gpa_gaussian(intercept=2.51), "golden rows differ by"),
        (factory.gpa_gaussian(weights=(0.0,) * 8), "cannot be loaded"),
    ],
    ids=range(13),
)
def test_a_wrong_model_is_refused(model: bytes, reason: str) -> None:
    """The error says which check did not pass."""
    with pytest.raises(BundleError, match=f"^version 1: .*{reason}"):
        build(model)


def test_a_model_that_is_wrong_only_far_out_is_refused() -> None:
    """Accepted ranges are wider than the golden rows: their corners are checked too."""
    answer = [0.2] * 5
    row = (2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0, 0.0)
    golden = {"rows": [row], "probabilities": [answer], "gpa": [2.0]}
    build(constant_model(answer, slope=0.2 / 365), golden=golden)
    with pytest.raises(BundleError, match="corners of the accepted ranges give no probabilities"):
        build(constant_model(answer, slope=0.21 / 365), golden=golden)


@pytest.mark.parametrize(
    "golden",
    [
        {"rows": [], "probabilities": [], "gpa": []},
        {"rows": factory.GOLDEN, "probabilities": [[0.2] * 5], "gpa": [1.0]},
        {"rows": [[1.0] * 8], "probabilities": [[0.2] * 5], "gpa": [1.0]},
        {"rows": [[1.0] * 9, [1.0]], "probabilities": [[0.2] * 5] * 2, "gpa": [1.0] * 2},
    ],
)
def test_golden_rows_must_be_there_and_fit(golden: dict[str, Any]) -> None:
    """No golden rows prove nothing, and ill-shaped ones prove the wrong thing."""
    with pytest.raises(BundleError, match="^version 1: "):
        build(golden=golden)


@pytest.mark.parametrize("difference", [0.9e-4, 1.2e-4])
def test_the_golden_tolerance(difference: float) -> None:
    """Up to 1e-4 is the same model, more is not."""
    probabilities, gpa = factory.expected(factory.GOLDEN)
    golden = {
        "rows": factory.GOLDEN,
        "probabilities": probabilities,
        "gpa": [gpa[0] + difference, *gpa[1:]],
    }
    if difference < 1e-4:
        build(golden=golden)
    else:
        with pytest.raises(BundleError, match="differ by 0.00012, more than 0.0001"):
            build(golden=golden)


def test_the_oracle_knows_the_grades() -> None:
    """A GPA in the middle of a grade is that grade, most probably."""
    for index, cutoff in enumerate((*GPA_CUTOFFS, 1.5)):
        row = [0.0] * 9
        probabilities, _ = factory.expected([row], intercept=cutoff + 0.25)
        assert int(np.argmax(probabilities[0])) == index
