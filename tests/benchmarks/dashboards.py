"""Dashboards over a million predictions: every panel timed. Part of bench_monitoring."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from monitoring.dashboards.panels import BOARDS
from monitoring.dashboards.panels.macro import Range, expand
from monitoring.storage import database
from monitoring.windows import drift, evidently_adapter
from monitoring.windows.reference import Reference
from tests.benchmarks.frame import window_frame
from tests.benchmarks.server import postgres
from tests.benchmarks.table import row
from tests.monitoring.support import cohort, store


def bench_dashboards(predictions: int = 1_000_000) -> None:
    """Every panel's slowest of three runs on a million predictions, five thousand windows."""
    with postgres() as (_, connection):
        evidently_adapter.load()
        reference = Reference("1", cohort.reference())
        metrics = evidently_adapter.evaluate_scored(window_frame(200, 5), reference).metrics
        _seed(connection, predictions, metrics, reference)
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE grafana_ro")
        connection.commit()
        period = Range(datetime.now(UTC) - timedelta(days=31), datetime.now(UTC), 21_600)
        variables = {"version": ["1"], "feature": ["Absences"]}
        slowest: list[tuple[float, str]] = []
        for board in BOARDS:
            for panel in (panel for line in board.rows for panel in line.panels):
                runs = []
                for _ in range(3):
                    begin = time.perf_counter()
                    store.fetch(connection, expand(panel.sql, period, variables))
                    runs.append(time.perf_counter() - begin)
                slowest.append((max(runs[1:]), panel.title))
        slowest.sort(reverse=True)
    for seconds, title in slowest[:3]:
        row(f"dashboards: {title}", f"{seconds * 1000:.0f} ms", "<= 300 ms")
    total = sum(seconds for seconds, _ in slowest)
    row(f"dashboards: all {len(slowest)} panels together", f"{total:.2f} s", "")


def _seed(connection: Connection, count: int, metrics: list[Any], reference: Reference) -> None:
    windows = count // 200
    buffer = io.StringIO()
    for k in range(windows):
        for metric in metrics:
            values = (k + 1, metric.metric, metric.column, metric.label, metric.value)
            threshold = "\\N" if metric.threshold is None else metric.threshold
            buffer.write("\t".join(map(str, (*values, metric.method or "", threshold))) + "\n")
    buffer.seek(0)
    with database.transaction(connection) as cursor:
        cursor.execute("SELECT ensure_partitions(now() - interval '31 days', now())")
        cursor.execute("INSERT INTO model_versions (version, first_event) VALUES ('1', now())")
        features = ", ".join(f'"{name}"' for name in drift.COLUMNS[:-1])
        cursor.execute(
            "INSERT INTO predictions (prediction_id, event_time, predicted_at, student_id, version,"
            f" grade_class, gpa, p_a, p_b, p_c, p_d, p_f, {features})"
            " SELECT gen_random_uuid(), now() - (30 - 30.0 * k / %s) * interval '1 day', now(), k,"
            " '1', k %% 5, 2, .2, .2, .2, .2, .2, 2, 10, 5, 1, 2, 0, 0, 1, 0"
            " FROM generate_series(1, %s) AS k",
            (count, count),
        )
        cursor.execute(
            "INSERT INTO windows (kind, version, after_row, last_row, row_count, closed_by, verdict,"
            " reasons, first_event, last_event, reference_version) SELECT 'scored', '1', k * 200,"
            " k * 200 + 200, 200, 'count', 'ok', ARRAY['no column has drifted in 200 rows'],"
            " now() - (30 - 30.0 * (k - 1) / %s) * interval '1 day',"
            " now() - (30 - 30.0 * k / %s) * interval '1 day', '1' FROM generate_series(1, %s) AS k",
            (windows, windows, windows),
        )
        cursor.copy_expert(
            "COPY window_metrics (window_id, metric, column_name, label, value, method, threshold)"
            " FROM STDIN",
            buffer,
        )
        execute_values(
            cursor,
            "INSERT INTO reference_stats VALUES %s",
            [("1", *values) for values in reference.stats()],
        )
        cursor.execute(
            "INSERT INTO ground_truth (prediction_id, event_time, version, grade_class, source)"
            " SELECT prediction_id, event_time, version, grade_class, 'bench' FROM predictions"
        )
        cursor.execute(
            "INSERT INTO label_counts SELECT date_trunc('minute', now()) - k * interval '1 minute',"
            " 'bench', 25 FROM generate_series(1, 40000) k"
        )
        cursor.execute(
            "INSERT INTO ingest_batches (committed_at, stream, shard_id, records, inserted, rejected,"
            " duplicates, dead, lag_p50, lag_p95, millis_behind) SELECT now() - (30 - 30.0 * k / %s)"
            " * interval '1 day', 's', 'a', 500, 490, 10, 0, 0, .1, .5, 0"
            " FROM generate_series(1, %s) AS k",
            (count // 500, count // 500),
        )
        cursor.execute(
            "INSERT INTO rejection_counts SELECT date_trunc('minute', now()) - k * interval '1"
            " minute', '1', 'out_of_range', 'student.Absences', 3 FROM generate_series(1, 40000) k"
        )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.autocommit = False
