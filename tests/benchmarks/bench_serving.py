"""Serving throughput on one core, the network excluded, beside the common per-record style.

``python -m tests.benchmarks.bench_serving``. Times are processor seconds of this process (best of
several rounds, side by side in one run), so that a busy machine disturbs them little.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from contract.features import DEFAULT_MODEL_NAME, FEATURE_NAMES
from inference.application import Application
from inference.model.champion import Champion
from inference.model.store import LocalStore
from inference.observability import Observer
from inference.stream.aggregation import user_records
from inference.stream.deaths import Deaths
from inference.stream.publisher import Publisher
from tests.inference.support import factory
from tests.inference.support.aggregate import aggregate
from tests.inference.support.kinesis import encoded, record

RECORDS = 1_000
FIRST = 49590338271490256608559692538361571095921575989136588898


class NoNetwork:
    """An output stream that accepts everything at once."""

    def put_records(self, **request: Any) -> dict[str, Any]:
        """Accept."""
        entry = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
        return {"FailedRecordCount": 0, "Records": [entry] * len(request["Records"])}


def best_rate(work: Callable[[], object], records: int, rounds: int = 40) -> float:
    """Return records per processor second, best of ``rounds``."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return records / min(times)


def event(explain: bool = False) -> dict[str, Any]:
    """Return a batch of 1,000 records, each with an extra personal field and a request id."""
    return {
        "Records": [
            record(FIRST + number, encoded(number, explain=explain, Age=17, request_id="r"))
            for number in range(RECORDS)
        ]
    }


def common_style(records: list[dict[str, Any]]) -> Callable[[], object]:
    """Return the usual handler: a DataFrame, scaler, forest and log line per record."""
    import pandas as pd  # pylint: disable=import-outside-toplevel
    from sklearn.ensemble import (  # pylint: disable=import-outside-toplevel
        RandomForestClassifier,
    )
    from sklearn.preprocessing import MinMaxScaler  # pylint: disable=import-outside-toplevel

    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.uniform(0, 4, (500, 9)), columns=list(FEATURE_NAMES))
    scaler = MinMaxScaler().fit(rows)
    model = RandomForestClassifier(100, random_state=0).fit(
        scaler.transform(rows), rng.integers(0, 5, 500)
    )
    logger = logging.getLogger("common")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.setLevel(logging.INFO)

    def handle() -> None:
        for item in records:
            document = json.loads(base64.b64decode(item["kinesis"]["data"]))
            frame = pd.DataFrame([document["student"]])
            answer = model.predict(scaler.transform(frame))
            logger.info("prediction %s for %s", answer, document)
            json.dumps({"student_id": document["student_id"], "GradeClass": int(answer[0])})

    return handle


def swap_delays(directory: Path, batches: int = 60) -> tuple[float, float]:
    """Return the median and the worst milliseconds of asking for the model, over many swaps."""
    champion = Champion(LocalStore(directory, DEFAULT_MODEL_NAME), DEFAULT_MODEL_NAME, 0)
    champion.current()
    delays = []
    for number in range(batches):
        factory.publish(directory, str(number + 2), parameters={"sd": 0.2 + number / 1000})
        started = time.perf_counter()
        champion.current()
        delays.append((time.perf_counter() - started) * 1000)
    return statistics.median(delays), max(delays)


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        directory = Path(name)
        factory.publish(directory)
        champion = Champion(LocalStore(directory, DEFAULT_MODEL_NAME), DEFAULT_MODEL_NAME, 60)
        publisher, deaths = Publisher(NoNetwork(), "out", 1), Deaths(directory / "deaths")
        application = Application(champion, publisher, Observer(), deaths)
        application.ready()
        gc.collect()
        gc.freeze()
        plain, explained = event(), event(explain=True)
        packed = aggregate([(str(number), encoded(number)) for number in range(RECORDS)])
        reference = best_rate(common_style(plain["Records"][:50]), 50, 5)
        rows = [
            ("handler, batch of 1,000", 150_000, lambda: application.handle(plain, lambda: 9.0)),
            ("handler, explain on", 20_000, lambda: application.handle(explained, lambda: 9.0)),
            ("KPL de-aggregation", 100_000, lambda: user_records(packed)),
        ]
        rates = [(label, floor, best_rate(work, RECORDS)) for label, floor, work in rows]
        delays = swap_delays(directory)
    print(f"{'':28}{'records/s':>12}{'floor':>12}{'x common style':>16}")
    for label, floor, rate in rates:
        print(f"{label:28}{rate:12,.0f}{floor:12,}{rate / reference:16,.0f}")
    print(f"{'common style, per record':28}{reference:12,.0f}{'':12}{1:16}  (floor: handler 500 x)")
    print(
        f"model swap delays a batch by {delays[0]:.1f} ms (median), {delays[1]:.1f} ms (worst of 60);"
    )
    print("floor: 50 ms")


if __name__ == "__main__":
    main()
