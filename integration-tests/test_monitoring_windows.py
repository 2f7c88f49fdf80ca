"""Windows on real Postgres and S3: where they are cut, what is kept of them, that they never change."""

from __future__ import annotations

import gzip
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from monitoring import settings
from monitoring.errors import WindowNotFoundError
from monitoring.settings import Settings
from tests.monitoring.support import cohort, store
from tests.monitoring.support.cloud import Cloud
from tests.monitoring.support.watching import (
    Reporting,
    Watching,
    audit,
    metrics_of,
    stream_students,
    windows_of,
)

pytest_plugins = ["tests.monitoring.support.services", "tests.monitoring.support.parts"]


def test_windows_are_cut_by_count_per_version(connection: Connection, watching: Watching) -> None:
    """GIVEN rows of two versions, mixed, WHEN watched
    THEN each version has its own full windows and the rest waits."""
    for k in range(5):
        stream_students(connection, 100, k, first_id=1000 * k + 1, version="1")
        stream_students(connection, 50, k, first_id=1000 * k + 501, version="2")
    assert watching().step(connection) == 3
    cut = [(w["version"], w["row_count"], w["closed_by"]) for w in windows_of(connection)]
    assert sorted(cut) == [("1", 200, "count"), ("1", 200, "count"), ("2", 200, "count")]
    assert watching().step(connection) == 0


def test_evaluating_again_changes_nothing(
    cloud: Cloud, connection: Connection, watching: Watching, reporting: Reporting
) -> None:
    """GIVEN evaluated windows, an alarm among them WHEN each is evaluated once more
    THEN no row of any table differs and the report is kept under the same key."""
    stream_students(connection, 200)
    stream_students(connection, 200, 3, shifted=True, first_id=501)
    watch = watching()
    watch.step(connection)
    tables = ("windows", "window_metrics", "incidents", "outbox", "events", "reference_stats")

    def snapshot() -> dict[str, Any]:
        return {
            t: store.fetch(connection, f"SELECT * FROM {t} ORDER BY 1, 2, 3, 4") for t in tables
        }

    audit(connection, reporting())
    before = snapshot()
    for window in before["windows"]:
        watch.again(connection, window["window_id"])
    audit(connection, reporting())
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
    stream_students(connection, 60)
    store.ingest(connection, cohort.encoded(cohort.rejections(5)))
    assert watching(limit_seconds=3600).step(connection) == 0
    assert watching(limit_seconds=0).step(connection) == 1
    (window,) = windows_of(connection)
    assert (window["verdict"], window["closed_by"]) == ("insufficient", "time")
    assert (window["row_count"], window["rejected_count"]) == (60, 5)
    assert window["reasons"][0] == "60 scored rows at the time limit, 100 are needed"
    assert "8% of 65 records were rejected" in window["reasons"][1]
    metrics = metrics_of(connection, window["window_id"])
    assert metrics["rejected", "", "out_of_range"] == 2


def test_a_stretch_of_rejections_alone_is_a_window_of_no_rows(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN a version that scored before WHEN only rejections come
    THEN an empty window says so, and later rows begin a new one."""
    stream_students(connection, 200)
    watching().step(connection)
    store.ingest(connection, cohort.encoded(cohort.rejections(40)))
    assert watching(limit_seconds=0).step(connection) == 1
    window = windows_of(connection)[-1]
    assert (window["row_count"], window["rejected_count"]) == (0, 40)
    assert window["verdict"] == "insufficient"
    assert "100% of 40 records were rejected" in window["reasons"][1]
    stream_students(connection, 200, 7, first_id=901)
    watching().step(connection)
    assert windows_of(connection)[-1]["verdict"] == "ok"


def test_a_version_without_a_reference_is_insufficient_and_says_why(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN rows of a version nobody wrote a reference for WHEN watched
    THEN insufficient, naming the key that is missing."""
    stream_students(connection, 200, version="77")
    watching().step(connection)
    (window,) = windows_of(connection)
    assert window["verdict"] == "insufficient"
    assert "reference/77.parquet" in window["reasons"][0]


def test_clock_skew_neither_opens_nor_closes_windows(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN rows whose producer's clock is hours off either way WHEN watched
    THEN only when they came in counts."""
    now = datetime.now(UTC)
    stream_students(connection, 50, start=now - timedelta(hours=9))
    stream_students(connection, 50, start=now + timedelta(hours=9), first_id=501)
    assert watching(limit_seconds=600).step(connection) == 0
    stream_students(connection, 100, start=now - timedelta(days=40), first_id=901)
    assert watching(limit_seconds=600).step(connection) == 1
    assert windows_of(connection)[0]["row_count"] == 200


def test_days_of_backlog_are_worked_off_in_larger_windows(
    connection: Connection, watching: Watching
) -> None:
    """GIVEN 4,600 waiting rows WHEN the worker comes back
    THEN larger windows are cut until the backlog is short, and no row is left out or counted twice.
    """
    for k in range(5):
        stream_students(connection, 920, k, first_id=1000 * k + 1)
    watching().step(connection)
    sizes = [w["row_count"] for w in windows_of(connection)]
    assert sizes == [2000] + [200] * 13
    intervals = [(w["after_row"], w["last_row"]) for w in windows_of(connection)]
    assert all(a[1] == b[0] for a, b in zip(intervals, intervals[1:], strict=False))
    assert {w["verdict"] for w in windows_of(connection)} <= {"ok", "warn"}


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


def test_reports_follow_their_policy(
    cloud: Cloud, connection: Connection, watching: Watching, reporting: Reporting
) -> None:
    """GIVEN the policy "notable" WHEN an ok and an alarming window were evaluated
    THEN only the alarming one has a page, and a presigned link opens it."""
    stream_students(connection, 200)
    stream_students(connection, 200, 3, shifted=True, first_id=501)
    watching().step(connection)
    audit(connection, reporting("notable"))
    keys = [w["report_key"] for w in windows_of(connection)]
    assert keys[0] is None and keys[1]
    link = cloud.client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": cloud.bucket, "Key": keys[1]}
    )
    with urllib.request.urlopen(link, timeout=60) as answer:
        assert answer.status == 200


def test_settings_reach_the_evaluator(environment: dict[str, str]) -> None:
    """GIVEN an environment WHEN loaded THEN the window's settings are what it says."""
    configured: Settings = settings.load(
        {**environment, "WINDOW_ROWS": "50", "WINDOW_REPORTS": "none"}
    )
    assert (
        configured.windows.rows,
        configured.windows.minimum_rows,
        configured.windows.reports,
    ) == (
        50,
        50,
        "none",
    )
