"""Monitoring's floors, measured: ``python -m tests.benchmarks.bench_monitoring [NAME ...]``.

Names: ingest, lag, window, alarms, dashboards. Starts its own Postgres and AWS endpoint. Floors
stand beside the figures; ingest also runs execute_values in the same process, for the ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values
from scipy import stats
from scipy.spatial.distance import jensenshannon
from tqdm import tqdm

from localcloud.services.emulator import Emulator
from monitoring.ingest import predictions
from monitoring.ingest.consumer import Consumer
from monitoring.ingest.record import decode
from monitoring.storage import database
from monitoring.windows import drift, evidently_adapter, figures
from monitoring.windows.reference import Reference
from tests.benchmarks.dashboards import bench_dashboards
from tests.benchmarks.frame import window_frame
from tests.benchmarks.server import postgres
from tests.benchmarks.table import row
from tests.monitoring.support import cohort, simulation, store
from tests.monitoring.support.cloud import Cloud, make_stream
from tests.monitoring.support.kinesis import FakeKinesis

ROOT = Path(__file__).resolve().parents[2]


def bench_ingest() -> None:
    """Rows a second in batches of 500, each with its checkpoint, decode included."""
    data = cohort.records(60_000, 1)
    with postgres() as (_, connection):
        kinesis = FakeKinesis()
        kinesis.open("a")
        kinesis.put("a", data)
        consumer = Consumer(kinesis, "s", predictions, rows=500)
        consumer.refresh(connection)
        took = []
        start = time.perf_counter()
        for _ in tqdm(range(len(data) // 500), disable=not sys.stderr.isatty()):
            begin = time.perf_counter()
            consumer.step(connection)
            took.append(time.perf_counter() - begin)
        rate = len(data) / (time.perf_counter() - start)
        assert store.one(connection, "SELECT count(*) FROM predictions") == len(data)
        plain = _execute_values(connection, data[:15_000])
    row("ingest: rows/s, batches of 500 with checkpoint", f"{rate:,.0f}", ">= 30,000")
    row("ingest: batch of 500, median", f"{np.median(took) * 1000:.1f} ms", "")
    row("ingest: times execute_values without any guarantee", f"{rate / plain:.1f} x", "")


def _execute_values(connection: Connection, data: list[bytes]) -> float:
    with database.transaction(connection) as cursor:
        cursor.execute(
            "CREATE TABLE plain (id uuid, event_time timestamptz, student text, grade int, gpa real,"
            " p real[], f real[], PRIMARY KEY (id, event_time))"
        )
    start = time.perf_counter()
    for first in range(0, len(data), 500):
        rows = [decode(record) for record in data[first : first + 500]]
        with database.transaction(connection) as cursor:
            execute_values(
                cursor,
                "INSERT INTO plain VALUES %s ON CONFLICT DO NOTHING",
                [
                    (str(r[0]), r[1], r[3], r[5], r[6], list(r[7]), list(r[8]))  # type: ignore[misc]
                    for r in rows
                ],
                page_size=500,
            )
    return len(data) / (time.perf_counter() - start)


def bench_lag() -> None:
    """Seconds from prediction to row at 1,000 records a second, the worker doing all its work."""
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    folder = Path(tempfile.mkdtemp(prefix="bench-aws-"))
    with postgres() as (url, connection), Emulator(folder) as aws:
        cloud = Cloud(aws.url, "bench-lag", "bench-artifacts")
        make_stream(cloud.url, cloud.stream)
        cloud.client("s3").create_bucket(Bucket=cloud.bucket)
        cloud.put_reference("1")
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "AWS_ENDPOINT_URL": cloud.url,
            "PREDICTIONS_STREAM_NAME": cloud.stream,
            "ARTIFACT_BUCKET": cloud.bucket,
            "DO_NOT_TRACK": "1",
        }
        command = [sys.executable, "-m", "monitoring", "--log-level", "WARNING", "worker"]
        with subprocess.Popen(
            command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL
        ) as worker:
            try:
                _stream(cloud, seconds=5, first=0)
                time.sleep(15)
                _stream(cloud, seconds=25, first=5)
                time.sleep(3)
            finally:
                worker.terminate()
        lags = store.fetch(
            connection,
            "SELECT count(*) AS n, percentile_cont(ARRAY[.5, .95, .99]) WITHIN GROUP (ORDER BY"
            " extract(epoch FROM ingested_at - predicted_at)) AS q FROM predictions"
            " WHERE student_id::int > 5000",
        )[0]
        windows = store.one(connection, "SELECT count(*) FROM windows")
    p50, p95, p99 = lags["q"]
    row(f"lag at 1,000 records/s, {lags['n']:,} records: p50", f"{p50:.2f} s", "")
    row(
        f"lag p95 (p99 {p99:.2f} s), {windows} windows evaluated meanwhile",
        f"{p95:.2f} s",
        "<= 2 s",
    )


def _stream(cloud: Cloud, seconds: int, first: int) -> None:
    """Put 1,000 records a second, in ten puts of 100, stamped as they are made."""
    frame = cohort.students(1000, 1)
    begin = time.monotonic()
    for tick in range(seconds * 10):
        offset = first * 1000 + tick * 100
        part = frame.iloc[(tick % 10) * 100 : (tick % 10) * 100 + 100]
        start = datetime.now(UTC) - timedelta(milliseconds=40)
        made = cohort.predictions(part, start=start, step=timedelta(0), first_id=offset + 1)
        cloud.put(cohort.encoded(made))
        time.sleep(max(0.0, begin + (tick + 1) / 10 - time.monotonic()))


_WORKER = """
import numpy as np
from monitoring import settings, worker
from monitoring.windows import figures
from monitoring.windows.reference import PREDICTED, PROBABILITIES, TRUTH, Reference
from contract.features import FEATURES
worker.parts(settings.load({"DATABASE_URL": "postgresql://x@127.0.0.1/y", "LABELS_STREAM_NAME": "l"}))
rng = np.random.default_rng(1)
names = [*(feature.name for feature in FEATURES), TRUTH, PREDICTED, *PROBABILITIES]
reference = Reference("1", {name: rng.integers(0, 2, 20_000) for name in names})
window = {name: values[:2_000] for name, values in reference.columns.items()}
for _ in range(100):
    figures.scored(window, reference)
# Not ru_maxrss, which counts what the parent held when it forked.
lines = open("/proc/self/status", encoding="ascii").read().splitlines()
print(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024)
"""


def bench_window(count: int = 100) -> None:
    """CPU of a window's verdict beside scipy's bare tests and Evidently; memory over many windows."""
    reference = Reference("1", cohort.reference())
    against = reference.columns
    frames = [_columns(100 + k) for k in range(20)]
    cpu: dict[str, list[float]] = {"verdict": [], "scipy": [], "Evidently": []}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        begin = time.process_time()
        done = work()
        cpu[name].append(time.process_time() - begin)
        return done

    for frame in [*frames[:3], *frames * (count // 20)]:
        timed("verdict", partial(figures.scored, frame, reference))
        timed("scipy", partial(_bare, against, frame))
    peak = subprocess.run(
        [sys.executable, "-c", _WORKER],
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    row("window: peak memory of the worker's own process", f"{peak} MB", "<= 200 MB")
    evidently_adapter.load()
    memory = []
    for k in tqdm(range(count), disable=not sys.stderr.isatty()):
        run = partial(evidently_adapter.evaluate_scored, frames[k % 20], reference)
        evaluation = timed("Evidently", run)
        if k % 10 == 0:
            evaluation.html()
        memory.append(_resident())
    medians = {name: float(np.median(seconds[3:])) for name, seconds in cpu.items()}
    row(
        "window: CPU of a verdict's figures, median",
        f"{medians['verdict']*1000:.1f} ms",
        "<= 15 ms",
    )
    for name in ("scipy", "Evidently"):
        ratio = medians["verdict"] / medians[name]
        row(f"window: the same against {name}'s ten columns alone", f"{ratio:.3f}", "")
    early, late = np.median(memory[count // 5 : count // 3]), np.median(memory[-count // 10 :])
    row(
        f"Evidently: memory after {count} windows against a fifth of them",
        f"{late - early:+.1f} MB",
        "flat",
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row("Evidently: peak memory of its process", f"{peak:.0f} MB", "")


def _bare(against: dict[str, Any], frame: Any) -> None:
    """Run the same tests with scipy and nothing around them."""
    for column in drift.COLUMNS:
        reference, current = against[column], frame[column]
        if column in drift.NUMERICAL:
            stats.ks_2samp(reference, current)
            stats.wasserstein_distance(reference, current)
            continue
        table = [np.bincount(sample.astype(int), minlength=5) for sample in (reference, current)]
        seen = np.array(table)[:, np.sum(table, axis=0) > 0]
        stats.chi2_contingency(seen, correction=False)
        jensenshannon(*(seen / seen.sum(axis=1, keepdims=True)))


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _columns(seed: int, **arguments: Any) -> dict[str, Any]:
    frame = window_frame(200, seed, **arguments)
    return {column: frame[column].to_numpy() for column in drift.COLUMNS}


def bench_alarms(count: int = 2000) -> None:
    """False alarms over windows without shift, and detection within two windows of a shift."""
    against = Reference("1", cohort.reference()).columns
    quiet = (_columns(1_000_000 + k) for k in tqdm(range(count), disable=not sys.stderr.isatty()))
    levels = simulation.levels(against, list(quiet))
    share = levels.count("alarm") / count
    row(f"alarms: false, of {count:,} windows without shift", f"{share:.2%}", "<= 0.2 %")
    row("alarms: warnings of the same windows", f"{levels.count('warn') / count:.2%}", "")
    shifts = (
        ("Absences +5, StudyTime -4", {"shifted": True}, ">= 99 %"),
        ("Tutoring .30 -> .50", {"tutoring": 0.50}, ">= 90 %"),
    )
    pairs = count // 4
    for name, arguments, floor in shifts:
        seen = sum(
            simulation.alarms(
                against, [_columns(2_000_000 + 2 * k + i, **arguments) for i in range(2)]
            )
            > 0
            for k in tqdm(range(pairs), disable=not sys.stderr.isatty())
        )
        row(f"alarms: {name} within two windows ({pairs} runs)", f"{seen / pairs:.1%}", floor)


BENCHES: dict[str, Callable[[], None]] = {
    "ingest": bench_ingest,
    "lag": bench_lag,
    "window": bench_window,
    "alarms": bench_alarms,
    "dashboards": bench_dashboards,
}


def main() -> None:
    """Run the benches named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*BENCHES, []], default=[])
    parser.add_argument("--windows", type=int, help="windows of the memory measurement")
    arguments = parser.parse_args()
    if arguments.windows:
        BENCHES["window"] = lambda: bench_window(arguments.windows)
    print(f"{'measured':<58} {'value':>16}   floor")
    for name in arguments.name or BENCHES:
        BENCHES[name]()


if __name__ == "__main__":
    main()
