"""Cold start: a fresh process until it is ready to answer, beside boto3's two clients alone.

``python -m tests.benchmarks.bench_serving_start``. Both run side by side with compiled bytecode, as
in the image. "Ready" is imported, clients made, model fetched and verified; with AWS_ENDPOINT_URL
and MODEL_BUCKET set the model comes from there, else from a directory.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contract.features import DEFAULT_MODEL_NAME
from tests.inference.support import factory

ROUNDS = 11
PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
CLIENTS = f"import boto3; boto3.client('kinesis'); boto3.client('s3'); {PEAK}"
READY = f"from inference import handler; handler.application().ready(); {PEAK}"
ANSWERED = f"""
from inference import handler
from tests.inference.support.kinesis import batch, encoded
handler.application()._publisher._client = __import__("types").SimpleNamespace(
    put_records=lambda **request: {{"Records": [{{"SequenceNumber": "1"}}] * len(request["Records"])}})
handler.application().handle(batch(*map(encoded, range(500))), lambda: 9.0)
{PEAK}
"""


def run(code: str, environment: dict[str, str]) -> tuple[float, float]:
    """Return seconds and peak megabytes of a fresh process."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - started, float(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as name:
        factory.publish(Path(name) / "models" / DEFAULT_MODEL_NAME)
        environment = {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PREDICTIONS_STREAM_NAME": "predictions",
            **({} if os.environ.get("MODEL_BUCKET") else {"MODEL_LOCATION": name}),
            **os.environ,
            "PYTHONPATH": os.getcwd(),
            "PYTHONPYCACHEPREFIX": str(Path(name) / "bytecode"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        programs = {"boto3 clients alone": CLIENTS, "ready": READY, "500 answered": ANSWERED}
        measured: dict[str, list[tuple[float, float]]] = {label: [] for label in programs}
        for _ in range(ROUNDS + 1):  # the first round compiles
            for label, code in programs.items():
                measured[label].append(run(code, environment))
    base = statistics.median(seconds for seconds, _ in measured["boto3 clients alone"][1:])
    print(f"{'fresh process to':22}{'ms':>8}{'ratio':>8}{'floor':>8}{'peak MB':>9}{'floor':>7}")
    for label, floor in (("boto3 clients alone", ""), ("ready", "2.2"), ("500 answered", "")):
        seconds = statistics.median(second for second, _ in measured[label][1:])
        peak = max(megabytes for _, megabytes in measured[label][1:])
        limit = "" if label == "boto3 clients alone" else "120"
        print(
            f"{label:22}{seconds * 1000:8.0f}{seconds / base:8.2f}{floor:>8}{peak:9.0f}{limit:>7}"
        )


if __name__ == "__main__":
    main()
