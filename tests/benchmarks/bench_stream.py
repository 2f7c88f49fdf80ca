"""The whole stream on one machine: PutRecord(s), the mapping, the Lambda runtime, the handler, the
output stream.

``python -m tests.benchmarks.bench_stream``: emulator and Lambda host as in ``make run``, a real
model, two shards. Latency is from before PutRecord to after the GetRecords that returned the
answer, warm, one student at a time with pauses; throughput is from the first PutRecords to the last
answer read.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from localcloud.stack import Stack
from tests.localcloud.support.deployment import STUDENT, Deployment

WARM_UP, SINGLES, BURST, ROUNDS = 1_000, 100, 10_000, 3
LATENCY_FLOOR_MS, THROUGHPUT_FLOOR = 100.0, 3_000.0


def events(count: int) -> list[tuple[str, bytes]]:
    """Return ``count`` students' events, each with its own partition key."""
    return [
        (str(n), json.dumps({"student_id": n, "student": STUDENT}).encode()) for n in range(count)
    ]


def latencies(deployment: Deployment) -> list[float]:
    """Return the milliseconds from put to answer of single records."""
    found = []
    for item in events(SINGLES):
        before = len(deployment.answers())
        started = time.perf_counter()
        deployment.put([item])
        while len(deployment.answers()) == before:
            time.sleep(0.002)
        found.append((time.perf_counter() - started) * 1000)
        time.sleep(0.05)
    return found


def throughput(deployment: Deployment) -> float:
    """Return records per second for a burst."""
    items = events(BURST)
    before = len(deployment.answers())
    started = time.perf_counter()
    deployment.put(items)
    deployment.wait_answers(before + BURST)
    return BURST / (time.perf_counter() - started)


def main() -> int:
    """Measure, print the table, and fail where a floor is missed."""
    with tempfile.TemporaryDirectory() as folder:
        with Stack(Path(folder) / "stack", services=()) as stack:
            deployment = Deployment(stack.environment, Path(folder), model_refresh_seconds=60)
            deployment.publish()
            with deployment:
                deployment.put(events(WARM_UP))
                deployment.wait_answers(WARM_UP)
                singles = sorted(latencies(deployment))
                rates = [throughput(deployment) for _ in range(ROUNDS)]
    p50, p95 = statistics.median(singles), singles[int(0.95 * len(singles))]
    rate = max(rates)
    print(
        f"{'put to prediction, p50':<34}{p50:>10.1f} ms   floor: at most {LATENCY_FLOOR_MS:.0f} ms"
    )
    print(f"{'put to prediction, p95':<34}{p95:>10.1f} ms")
    print(
        f"{'throughput, two shards, best of ' + str(ROUNDS):<34}{rate:>10,.0f} /s   "
        f"floor: at least {THROUGHPUT_FLOOR:,.0f} /s"
    )
    return 0 if p50 <= LATENCY_FLOOR_MS and rate >= THROUGHPUT_FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
