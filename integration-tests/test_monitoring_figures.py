"""The figures of a window: those of the pure functions, measured or estimated, always finite."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from psycopg2.extensions import connection as Connection
from scipy import stats

from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from monitoring.ingest.labels import Label
from monitoring.windows import drift, performance
from tests.monitoring.support import cohort, store
from tests.monitoring.support.watching import (
    Reporting,
    Watching,
    audit,
    label_all,
    metrics_of,
    stream_students,
    windows_of,
)

pytest_plugins = ["tests.monitoring.support.services", "tests.monitoring.support.parts"]


def _p_value(column: str, reference: Any, current: Any) -> float:
    """Return scipy's own p value of a column."""
    if column in drift.NUMERICAL:
        return float(stats.ks_2samp(reference, current).pvalue)
    values = sorted(set(reference) | set(current))
    table = [[int((sample == value).sum()) for value in values] for sample in (reference, current)]
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def test_evidently_comes_to_the_figures_of_the_verdict(
    connection: Connection, watching: Watching, reporting: Reporting
) -> None:
    """GIVEN windows of every kind, labelled ones too, WHEN Evidently follows the verdicts THEN it
    agrees on each; every figure stored is its own, to nine digits."""
    for seed in range(6):
        stream_students(connection, 200, seed, shifted=seed % 2 == 1, first_id=1 + seed * 1000)
    label_all(connection)
    watching().step(connection)
    windows = windows_of(connection)
    before = {w["window_id"]: metrics_of(connection, w["window_id"]) for w in windows}
    assert len(before) == 12 and {w["audit"] for w in windows} == {None}
    audit(connection, reporting("none"))
    for window in windows_of(connection):
        after = metrics_of(connection, window["window_id"])
        assert window["audit"] == "agrees" and after.keys() == before[window["window_id"]].keys()
        for key, value in before[window["window_id"]].items():
            assert after[key] == pytest.approx(value, rel=1e-9, abs=1e-9), key


def test_a_figure_that_is_not_evidentlys_is_an_event(
    connection: Connection, watching: Watching, reporting: Reporting
) -> None:
    """GIVEN a stored p value that Evidently does not come to WHEN it follows THEN the window says
    so, an event names the figure, and Evidently's value stands."""
    stream_students(connection, 200)
    watching().step(connection)
    store.execute(
        connection,
        "UPDATE window_metrics SET value = .125 WHERE metric = 'drift_p' AND column_name = 'Music'",
    )
    audit(connection, reporting())
    (window,) = windows_of(connection)
    assert window["audit"] == "differs"
    (event,) = store.fetch(connection, "SELECT text FROM events WHERE kind = 'audit'")
    assert "drift_p Music is" in event["text"] and "0.125 in the verdict" in event["text"]
    assert metrics_of(connection, window["window_id"])["drift_p", "Music", ""] != 0.125


def test_when_it_cannot_keep_up_what_says_nothing_is_sampled(
    connection: Connection, watching: Watching, reporting: Reporting
) -> None:
    """GIVEN more windows than it may be behind, an alarming one among the oldest, WHEN Evidently
    follows THEN it looks at that one first; of the old ones without news most are skipped."""
    stream_students(connection, 20, 1, shifted=True)
    stream_students(connection, 600, first_id=1001)
    watching(rows=20, minimum_rows=20, catch_up_rows=20).step(connection)
    store.execute(connection, "UPDATE windows SET verdict = 'ok' WHERE window_id > 1")
    store.execute(connection, "UPDATE windows SET verdict = 'alarm' WHERE window_id = 1")
    part = reporting()
    assert part.step(connection) == 1
    assert [w["window_id"] for w in windows_of(connection) if w["audit"] == "agrees"] == [1]
    skipped = [w["window_id"] for w in windows_of(connection) if w["audit"] == "skipped"]
    assert skipped == [number for number in range(2, 12) if number % 10]


def test_figures_are_those_of_the_pure_functions(
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
        p = _p_value(column, reference[column], current[column])
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
