"""Windows on real Postgres and S3: where they are cut, what they find, that they never change."""

from __future__ import annotations

import gzip
import json
import math
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from psycopg2.extensions import connection as Connection

from inference.contract import FEATURE_NAMES, GRADES
from monitoring import drift, performance, settings
from monitoring.errors import WindowNotFoundError
from monitoring.labels import Label
from monitoring.settings import Settings
from monitoring.watch import Watch
from monitoring.worker import build_watch
from tests.monitoring import cohort, store
from tests.monitoring.cloud import Cloud

pytest_plugins = ["tests.monitoring.services"]
Watching = Callable[..., Watch]


@pytest.fixture(name="watching")
def watching_fixture(
    cloud: Cloud, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Watching:
    """Build the evaluating part with some window settings changed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, environment[name])
    cloud.put_reference("1")
    cloud.put_reference("2", seed=9)
    found = settings.load(environment)

    def build(**changes: Any) -> Watch:
        return build_watch(replace(found, windows=replace(found.windows, **changes)))

    return build


def _students(connection: Connection, count: int, seed: int = 2, **arguments: Any) -> None:
    kept = {key: arguments.pop(key) for key in ("shifted", "tutoring") if key in arguments}
    records = cohort.predictions(cohort.students(count, seed, **kept), **arguments)
    store.ingest(connection, cohort.encoded(records))


def _windows(connection: Connection) -> list[dict[str, Any]]:
    return store.fetch(connection, "SELECT * FROM windows ORDER BY window_id")


def _metrics(connection: Connection, window_id: int) -> dict[tuple[str, str, str], float]:
    rows = store.fetch(
        connection, "SELECT * FROM window_metrics WHERE window_id = %s", (window_id,)
    )
    return {(row["metric"], row["column_name"], row["label"]): row["value"] for row in rows}


def test_windows_are_cut_by_count_per_version(connection: Connection, watching: Watching) -> None:
    """GIVEN rows of two versions, mixed, WHEN watched
    THEN each version has its own full windows and the rest waits."""
    for k in range(5):
        _students(connection, 100, k, first_id=1000 * k + 1, version="1")
        _students(connection, 50, k, first_id=1000 * k + 501, version="2")
    assert watching().step(connection) == 3
    cut = [(w["version"], w["row_count"], w["closed_by"]) for w in _windows(connection)]
    assert sorted(cut) == [("1", 200, "count"), ("1", 200, "count"), ("2", 200, "count")]
    assert watching().step(connection) == 0


def test_evidently_gives_the_figures_the_pure_functions_give(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN a shifted window WHEN evaluated THEN p values, effects, means and shares in the table
    equal those computed by the module's own functions and scipy."""
    _students(connection, 200, shifted=True)
    watching().step(connection)
    (window,) = _windows(connection)
    metrics = _metrics(connection, window["window_id"])
    reference = cohort.reference()
    current = cohort.students(200, 2, shifted=True)
    shares = cohort.probabilities(cohort.expected_gpa(current))
    current["GradeClass"] = shares.argmax(axis=1)
    reference["GradeClass"] = reference["predicted_GradeClass"]
    for column in drift.COLUMNS:
        p = drift.p_value(column, reference[column].to_numpy(), current[column].to_numpy())
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


def test_evaluating_again_changes_nothing(
    cloud: Cloud, connection: Connection, watching: Watching
) -> None:
    """GIVEN evaluated windows, an alarm among them WHEN each is evaluated once more
    THEN no row of any table differs and the report is kept under the same key."""
    _students(connection, 200)
    _students(connection, 200, 3, shifted=True, first_id=501)
    watch = watching()
    watch.step(connection)
    tables = ("windows", "window_metrics", "incidents", "outbox", "events", "reference_stats")

    def snapshot() -> dict[str, Any]:
        return {
            t: store.fetch(connection, f"SELECT * FROM {t} ORDER BY 1, 2, 3, 4") for t in tables
        }

    before = snapshot()
    for window in before["windows"]:
        watch.again(connection, window["window_id"])
    assert snapshot() == before
    assert len(before["incidents"]) == 1
    key = before["windows"][1]["report_key"]
    kept = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)
    assert kept["ContentEncoding"] == "gzip"
    page = gzip.decompress(kept["Body"].read()).decode()
    assert "<html" in page and "two-sample chi-square" in page
    with pytest.raises(WindowNotFoundError, match="no window 99"):
        watch.again(connection, 99)


def test_the_time_limit_closes_a_small_window_as_insufficient(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN 60 rows and 5 rejections WHEN the limit passes
    THEN the window says insufficient and still counts quality."""
    _students(connection, 60)
    store.ingest(connection, cohort.encoded(cohort.rejections(5)))
    assert watching(limit_seconds=3600).step(connection) == 0
    assert watching(limit_seconds=0).step(connection) == 1
    (window,) = _windows(connection)
    assert (window["verdict"], window["closed_by"]) == ("insufficient", "time")
    assert (window["row_count"], window["rejected_count"]) == (60, 5)
    assert window["reasons"][0] == "60 scored rows at the time limit, 100 are needed"
    assert "8% of 65 records were rejected" in window["reasons"][1]
    metrics = _metrics(connection, window["window_id"])
    assert metrics["rejected", "", "out_of_range"] == 2


def test_a_stretch_of_rejections_alone_is_a_window_of_no_rows(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN a version that scored before WHEN only rejections come
    THEN an empty window says so, and later rows begin a new one."""
    _students(connection, 200)
    watching().step(connection)
    store.ingest(connection, cohort.encoded(cohort.rejections(40)))
    assert watching(limit_seconds=0).step(connection) == 1
    window = _windows(connection)[-1]
    assert (window["row_count"], window["rejected_count"]) == (0, 40)
    assert window["verdict"] == "insufficient"
    assert "100% of 40 records were rejected" in window["reasons"][1]
    _students(connection, 200, 7, first_id=901)
    watching().step(connection)
    assert _windows(connection)[-1]["verdict"] == "ok"


def test_a_version_without_a_reference_is_insufficient_and_says_why(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN rows of a version nobody wrote a reference for WHEN watched
    THEN insufficient, naming the key that is missing."""
    _students(connection, 200, version="77")
    watching().step(connection)
    (window,) = _windows(connection)
    assert window["verdict"] == "insufficient"
    assert "reference/77.parquet" in window["reasons"][0]


def test_clock_skew_neither_opens_nor_closes_windows(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN rows whose producer's clock is hours off either way WHEN watched
    THEN only when they came in counts."""
    now = datetime.now(UTC)
    _students(connection, 50, start=now - timedelta(hours=9))
    _students(connection, 50, start=now + timedelta(hours=9), first_id=501)
    assert watching(limit_seconds=600).step(connection) == 0
    _students(connection, 100, start=now - timedelta(days=40), first_id=901)
    assert watching(limit_seconds=600).step(connection) == 1
    assert _windows(connection)[0]["row_count"] == 200


def test_days_of_backlog_are_worked_off_in_larger_windows(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN 4,600 waiting rows WHEN the worker comes back
    THEN larger windows are cut until the backlog is short, and no row is left out or counted twice.
    """
    for k in range(5):
        _students(connection, 920, k, first_id=1000 * k + 1)
    watching().step(connection)
    sizes = [w["row_count"] for w in _windows(connection)]
    assert sizes == [2000] + [200] * 13
    intervals = [(w["after_row"], w["last_row"]) for w in _windows(connection)]
    assert all(a[1] == b[0] for a, b in zip(intervals, intervals[1:], strict=False))
    assert {w["verdict"] for w in _windows(connection)} <= {"ok", "warn"}


def _label_all(connection: Connection, *, wrong: bool = False) -> None:
    rows = store.fetch(
        connection,
        "SELECT p.* FROM predictions p LEFT JOIN ground_truth g USING (prediction_id)"
        " WHERE g.prediction_id IS NULL ORDER BY p.row_number",
    )
    truth = [(row["grade_class"] + 2) % 5 if wrong else row["grade_class"] for row in rows]
    store.label(
        connection,
        [Label(t, None, UUID(row["prediction_id"])) for t, row in zip(truth, rows, strict=True)],
    )


def test_performance_is_measured_on_labels_and_alarms_when_low_twice(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN a labelled window that is perfect and then two that are all wrong WHEN watched
    THEN ok, warn, alarm; f1 is over all five classes; a performance incident opens."""
    _students(connection, 200)
    _label_all(connection)
    watching().step(connection)
    _students(connection, 400, 3, first_id=501)
    _label_all(connection, wrong=True)
    watching().step(connection)
    found = [w for w in _windows(connection) if w["kind"] == "labelled"]
    assert [w["verdict"] for w in found] == ["ok", "warn", "alarm"]
    metrics = _metrics(connection, found[2]["window_id"])
    assert metrics["f1_macro", "", ""] == 0
    assert sum(metrics["confusion", a, b] for a in GRADES for b in GRADES) == 200
    assert metrics["label_delay_seconds", "", "p50"] >= 0
    perfect = _metrics(connection, found[0]["window_id"])
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
    (window,) = [w for w in _windows(connection) if w["kind"] == "labelled"]
    metrics = _metrics(connection, window["window_id"])
    measured, estimated = metrics["accuracy", "", ""], metrics["estimated_accuracy", "", ""]
    assert abs(measured - estimated) < 4 * math.sqrt(0.77 * 0.23 / 1000)


def test_no_personal_data_leaves_the_predictions_table(
    connection: Connection, watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    """GIVEN a student with a telling id WHEN everything has run
    THEN the id stands in predictions only, not in another table nor in the log."""
    caplog.set_level("DEBUG", logger="monitoring")
    records = list(cohort.predictions(cohort.students(200, 2, shifted=True)))
    for record in records:
        record["prediction"]["student_id"] = "secret-student"
    store.ingest(connection, [json.dumps(record).encode() for record in records])
    watching().step(connection)
    names = store.fetch(
        connection,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'monitoring'"
        " AND tablename NOT LIKE 'predictions%%'",
    )
    assert len(names) > 10
    for row in names:
        held = store.fetch(connection, f"SELECT t::text FROM {row['tablename']} t")
        assert "secret-student" not in str(held)
    assert "secret-student" not in caplog.text


def test_no_figure_is_ever_nan(connection: Connection, watching: Watching) -> None:
    """GIVEN windows that invite NaN (one class only, constant columns, no A at all) WHEN watched
    THEN every stored figure is finite and evaluation does not fail."""
    frame = cohort.students(1, 2)
    frame = frame.loc[np.repeat(0, 200)].reset_index(drop=True)
    store.ingest(connection, cohort.encoded(cohort.predictions(frame)))
    _label_all(connection)
    assert watching().step(connection) == 2
    values = store.fetch(connection, "SELECT value FROM window_metrics")
    assert len(values) > 90
    assert all(math.isfinite(row["value"]) for row in values)


def test_reports_follow_their_policy(
    cloud: Cloud, connection: Connection, watching: Watching
) -> None:
    """GIVEN the policy "notable" WHEN an ok and an alarming window are evaluated
    THEN only the alarming one has a page, and a presigned link opens it."""
    _students(connection, 200)
    _students(connection, 200, 3, shifted=True, first_id=501)
    watching(reports="notable").step(connection)
    keys = [w["report_key"] for w in _windows(connection)]
    assert keys[0] is None and keys[1]
    link = cloud.client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": cloud.bucket, "Key": keys[1]}
    )
    with urllib.request.urlopen(link, timeout=10) as answer:
        assert answer.status == 200


def test_settings_reach_the_evaluator(environment: dict[str, str]) -> None:
    """GIVEN an environment WHEN loaded THEN the window's settings are what it says."""
    found: Settings = settings.load({**environment, "WINDOW_ROWS": "50", "WINDOW_REPORTS": "none"})
    assert (found.windows.rows, found.windows.minimum_rows, found.windows.reports) == (
        50,
        50,
        "none",
    )
