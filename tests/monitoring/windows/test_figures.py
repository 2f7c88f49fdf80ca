"""The figures a verdict rests on: by hand where that can be done, and without Evidently."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from monitoring.windows import drift, figures
from monitoring.windows.drift import Columns
from monitoring.windows.reference import Reference
from tests.monitoring.support import cohort


def windows() -> tuple[Columns, Reference]:
    """Return a shifted window in a window's columns, and a reference."""
    frame = cohort.students(200, 2, shifted=True)
    frame["GradeClass"] = cohort.probabilities(cohort.expected_gpa(frame)).argmax(axis=1)
    return {name: frame[name].to_numpy() for name in drift.COLUMNS}, Reference(
        "1", cohort.reference()
    )


def test_a_scored_window_in_figures() -> None:
    """GIVEN a shifted window WHEN tested THEN absences have drifted, those outside are counted."""
    columns, reference = windows()
    by_key = {m[:3]: m for m in figures.scored(columns, reference)}
    assert by_key["rows", "", ""].value == 200 and by_key["missing", "", "count"].value == 0
    assert by_key["drift_p", "Absences", ""].failed
    outside = int((columns["Absences"] > reference.columns["Absences"].max()).sum())
    assert by_key["out_of_range", "Absences", "count"].value == outside > 0
    assert by_key["out_of_range", "Absences", "share"].value == outside / 200
    assert by_key["mean", "Absences", ""].value == pytest.approx(columns["Absences"].mean())


def test_a_window_that_equals_its_reference_has_no_effect() -> None:
    """GIVEN the reference's own rows WHEN tested THEN p is 1 and every effect is 0, never NaN."""
    _, reference = windows()
    for metric in figures.scored(reference.columns, reference):
        if metric.metric == "drift_p":
            assert metric.value == pytest.approx(1)
        if metric.metric == "drift_effect":
            assert metric.value == pytest.approx(0, abs=1e-7)


def test_precision_and_recall_are_scikit_learns() -> None:
    """GIVEN labels in which a grade is never answered and another never true WHEN scored
    THEN precision and recall are the macro means over the grades present."""
    truth, predicted = np.array([0, 1, 1, 4, 4, 4]), np.array([1, 1, 1, 4, 3, 4])
    columns = {figures.TRUTH: truth, drift.PREDICTION: predicted}
    by_name = {m.metric: m.value for m in figures.labelled(columns, windows()[1])}
    shared = {"average": "macro", "zero_division": 0}
    assert by_name["precision"] == pytest.approx(precision_score(truth, predicted, **shared))
    assert by_name["recall"] == pytest.approx(recall_score(truth, predicted, **shared))


def test_a_verdict_needs_no_evidently() -> None:
    """GIVEN a fresh process WHEN the worker is imported THEN neither Evidently nor pandas is."""
    code = (
        "import sys, monitoring.worker; sys.exit(bool({'evidently', 'pandas'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
