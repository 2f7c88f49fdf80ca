"""Mid-year answers: the posterior of a year's absences, and what a simulated school would see."""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from contract.bundle import parse_manifest
from contract.features import FEATURE_NAMES, FEATURES
from contract.grades import grade_class
from contract.scores import expected_calibration_error
from inference.model.predictor import Predictions, Predictor
from inference.model.year import predict_in_year, prior, totals
from tests.inference.support import factory

ABSENCES = FEATURE_NAMES.index("Absences")
FLAT = [1 / 30] * 30


@cache
def exact() -> Predictor:
    """Return the simulated school's own formula as a model, without label noise."""
    onnx = factory.gpa_gaussian(eps=0.0)
    text = factory.manifest("1", onnx, parameters={"eps": 0.0}, absences=FLAT)
    return Predictor(parse_manifest(json.dumps(text).encode()), onnx)


def school(n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return ``n`` students' rows at the end of a year, and their grades."""
    chance = np.random.default_rng(7)
    rows = np.column_stack([chance.integers(0, f.maximum + 1, n) for f in FEATURES]).astype(float)
    rows[:, 1], rows[:, ABSENCES] = chance.uniform(0, 20, n), chance.integers(0, 30, n)
    gpa = factory.INTERCEPT + rows @ np.array(factory.WEIGHTS) + chance.normal(0, factory.SD, n)
    return rows, grade_class(gpa.clip(0, 4))


@pytest.mark.parametrize(("so_far", "elapsed"), [(0, 0.1), (7, 0.5), (29, 0.9), (3, 1e-300)])
def test_the_posterior_of_the_total(so_far: int, elapsed: float) -> None:
    """The binomial's own formula, but for totals that are most unlikely."""
    shares = [(k + 1) / 465 for k in range(30)]
    expected = np.array(
        [p * math.comb(t, so_far) * (1 - elapsed) ** (t - so_far) for t, p in enumerate(shares)]
    )
    expected /= expected.sum()
    (found,) = totals(np.array([so_far]) + 0.0, np.array([elapsed]), shares)
    assert found == pytest.approx(expected, abs=2e-3) and found.sum() == pytest.approx(1)


@pytest.mark.parametrize("elapsed", [0.25, 0.5, 0.75])
def test_chances_in_mid_year_are_right_as_often_as_they_say(elapsed: float) -> None:
    """Calibrated, better than a reading as the year's total, and F is seen far earlier."""
    rows, grades = school(20_000)
    thinned = rows.copy()
    thinned[:, ABSENCES] = np.random.default_rng(8).binomial(rows[:, ABSENCES].astype(int), elapsed)
    share = np.full(len(rows), elapsed)
    today = exact().predict(thinned).probabilities
    answer = predict_in_year(exact().predict, thinned, share, prior(exact().manifest)).probabilities
    assert expected_calibration_error(grades, answer) <= 0.02
    assert (answer.argmax(axis=1) == grades).mean() > (today.argmax(axis=1) == grades).mean() + 0.04
    failed = grades == 4
    called = (answer.argmax(axis=1) == 4)[failed].mean()
    assert called > (today.argmax(axis=1) == 4)[failed].mean() + 0.1


class Counting:
    """A model that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[npt.NDArray[np.float64]] = []

    def __call__(self, rows: npt.NDArray[np.float64]) -> Predictions:
        self.asked.append(rows)
        return factory.predictor().predict(rows)


def test_a_whole_year_needs_no_copies() -> None:
    """The model gets the very rows."""
    rows, _ = school(50)
    model = Counting()
    predict_in_year(model, rows, np.ones(50), FLAT)
    assert len(model.asked) == 1 and model.asked[0] is rows


def test_a_mixed_batch_is_one_call_and_each_row_is_its_own() -> None:
    """Whole years stay whole; a row's answer does not depend on its neighbours."""
    rows, _ = school(40)
    rows[5, ABSENCES] = 200
    elapsed = np.array([1.0, 0.5, 0.01, 1 - 1e-16] * 10)
    model = Counting()
    together = predict_in_year(model, rows, elapsed, FLAT)
    assert len(model.asked) == 1
    for k in range(40):
        alone = predict_in_year(factory.predictor().predict, rows[[k]], elapsed[[k]], FLAT)
        assert together.probabilities[k] == pytest.approx(alone.probabilities[0], abs=1e-6)
        assert together.gpa[k] == pytest.approx(alone.gpa[0], abs=1e-6)
    whole = factory.predictor().predict(rows[::4])
    assert together.gpa[::4] == pytest.approx(whole.gpa, abs=1e-6)


@pytest.mark.parametrize(
    ("so_far", "elapsed", "total"),
    [(30, 0.5, 60), (40, 1.0, 40), (300, 0.5, 365), (30, 5e-324, 365)],
)
def test_beyond_training_the_total_is_in_proportion(
    so_far: int, elapsed: float, total: int
) -> None:
    """No share of training's totals reaches there; a year has no more days than the contract."""
    rows, _ = school(2)
    rows[:, ABSENCES] = so_far, 0
    model = Counting()
    predict_in_year(model, rows, np.array([elapsed, 1.0]), FLAT)
    assert model.asked[0][:, ABSENCES].tolist() == [total, 0]


def test_a_bundle_without_the_distribution_takes_a_flat_one() -> None:
    """Over the training range, else over all that is accepted."""
    onnx = factory.gpa_gaussian()
    ranges = {"Absences": [0.0, 29.0]}
    old = factory.manifest("1", onnx, training_ranges=ranges)
    assert list(prior(parse_manifest(json.dumps(old).encode()))) == [1.0] * 30
    older = factory.manifest("1", onnx, training_ranges={})
    assert len(prior(parse_manifest(json.dumps(older).encode()))) == 366
