"""The figures of a window: those of the pure functions, measured or estimated, always finite."""

from __future__ import annotations

import math
from uuid import UUID

import numpy as np
import pytest
from psycopg2.extensions import connection as Connection

from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from monitoring.ingest.labels import Label
from monitoring.windows import drift, performance
from tests.monitoring.support import cohort, simulation, store
from tests.monitoring.support.watching import (
    Watching,
    label_all,
    metrics_of,
    stream_students,
    windows_of,
)

pytest_plugins = ["tests.monitoring.support.services", "tests.monitoring.support.parts"]


def test_evidently_gives_the_figures_the_pure_functions_give(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN a shifted window WHEN evaluated THEN p values, effects, means and shares in the table
    equal those computed by the module's own functions and scipy."""
    stream_students(connection, 200, shifted=True)
    watching().step(connection)
    (window,) = windows_of(connection)
    metrics = metrics_of(connection, window["window_id"])
    reference = cohort.reference()
    current = cohort.students(200, 2, shifted=True)
    shares = cohort.probabilities(cohort.expected_gpa(current))
    current["GradeClass"] = shares.argmax(axis=1)
    reference["GradeClass"] = reference["predicted_GradeClass"]
    for column in drift.COLUMNS:
        p = simulation.p_value(column, reference[column].to_numpy(), current[column].to_numpy())
        assert metrics["drift_p", column, ""] == pytest.approx(p, rel=1e-4)
        assert metrics["drift_effect", column, ""] >= 0
    for name in FEATURE_NAMES:
        assert metrics["mean", name, ""] == pytest.approx(float(current[name].mean()), rel=1e-5)
    for k, grade in enumerate(GRADES):
        share = float((current["GradeClass"] == k).mean())
        assert metrics["predicted_share", "", grade] == pytest.approx(share)
    outside = int((current["Absences"] > reference["Absences"].max()).sum())
    assert metrics["out_of_range", "Absences", "count"] == outside > 0
    estimated = performance.estimate(shares, current["GradeClass"].to_numpy())
    assert metrics["estimated_f1_macro", "", ""] == pytest.approx(
        estimated["estimated_f1_macro"], abs=1e-5
    )
    assert window["verdict"] == "alarm"
    assert {"Absences", "StudyTimeWeekly"} <= set(window["drifted"])


def test_performance_is_measured_on_labels_and_alarms_when_low_twice(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN a labelled window that is perfect and then two that are all wrong WHEN watched
    THEN ok, warn, alarm; f1 is over all five classes; a performance incident opens."""
    stream_students(connection, 200)
    label_all(connection)
    watching().step(connection)
    stream_students(connection, 400, 3, first_id=501)
    label_all(connection, wrong=True)
    watching().step(connection)
    labelled = [w for w in windows_of(connection) if w["kind"] == "labelled"]
    assert [w["verdict"] for w in labelled] == ["ok", "warn", "alarm"]
    metrics = metrics_of(connection, labelled[2]["window_id"])
    assert metrics["f1_macro", "", ""] == 0
    assert sum(metrics["confusion", a, b] for a in GRADES for b in GRADES) == 200
    assert metrics["label_delay_seconds", "", "p50"] >= 0
    perfect = metrics_of(connection, labelled[0]["window_id"])
    present = sum(perfect["support", "", grade] > 0 for grade in GRADES)
    assert perfect["f1_macro", "", ""] == pytest.approx(present / 5)
    incident = store.fetch(
        connection, "SELECT kind, reasons FROM incidents WHERE kind='performance'"
    )
    assert len(incident) == 1 and "two windows running" in incident[0]["reasons"][0]


def test_the_estimate_without_labels_agrees_with_labels(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN calibrated probabilities and 1,000 rows with their true grades WHEN watched
    THEN estimated and measured accuracy differ by less than sampling explains (4 sd)."""
    frame = cohort.students(1000, 11)
    store.ingest(connection, cohort.encoded(cohort.predictions(frame)))
    rows = store.fetch(connection, "SELECT prediction_id, student_id FROM predictions")
    truth = frame["GradeClass"].to_numpy()
    store.label(
        connection,
        [Label(int(truth[int(r["student_id"]) - 1]), None, UUID(r["prediction_id"])) for r in rows],
    )
    watching(label_rows=1000).step(connection)
    (window,) = [w for w in windows_of(connection) if w["kind"] == "labelled"]
    metrics = metrics_of(connection, window["window_id"])
    measured, estimated = metrics["accuracy", "", ""], metrics["estimated_accuracy", "", ""]
    assert abs(measured - estimated) < 4 * math.sqrt(0.77 * 0.23 / 1000)


def test_no_figure_is_ever_nan(connection: Connection, watching: Watching) -> None:
    """GIVEN windows that invite NaN (one class only, constant columns, no A at all) WHEN watched
    THEN every stored figure is finite and evaluation does not fail."""
    frame = cohort.students(1, 2)
    frame = frame.loc[np.repeat(0, 200)].reset_index(drop=True)
    store.ingest(connection, cohort.encoded(cohort.predictions(frame)))
    label_all(connection)
    assert watching().step(connection) == 2
    values = store.fetch(connection, "SELECT value FROM window_metrics")
    assert len(values) > 90
    assert all(math.isfinite(row["value"]) for row in values)
