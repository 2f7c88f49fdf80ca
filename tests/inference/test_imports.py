"""The import budget: a cold start is won by importing little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.tools.slim import SERVICES

ROOT = Path(__file__).resolve().parents[2]

MODULES = 560
"""508 on Python 3.11 at the time of writing; boto3's clients alone load about 390."""

FORBIDDEN = (
    "pandas sklearn scipy mlflow boto3 flask jinja2 requests tqdm pydantic evidently".split()
)
HANDLER = """
import inference.handler
from inference.aws import client
client("s3"), client("kinesis")
"""


def modules_after(program: str) -> list[str]:
    """Run ``program`` in a fresh interpreter; return what it loaded."""
    run = subprocess.run(
        [sys.executable, "-c", f'{program}\nimport sys\nprint("\\n".join(sys.modules))'],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": "."},
    )
    return run.stdout.split()


def test_the_handler_imports_little() -> None:
    """A bounded number of modules, none of them of training, web or boto3's resources."""
    modules = modules_after(HANDLER)
    assert not {module.partition(".")[0] for module in modules} & set(FORBIDDEN)
    assert len(modules) <= MODULES, len(modules)


@pytest.mark.parametrize(
    "module",
    ["inference.client.__main__", "inference.client.exchange", "inference.stream.publisher"],
)
def test_who_only_sends_and_reads_loads_no_model(module: str) -> None:
    """The client and the publisher need neither the model's runtime nor its arrays."""
    modules = modules_after(f"import {module}")
    assert not {"numpy", "onnxruntime", "inference.model"} & set(modules)


def test_the_model_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """onnxruntime writes a device id and an upload queue below HOME unless it is told not to."""
    probe = (
        "from tests.inference.support import factory; print(factory.predictor().manifest.version)"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", probe],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PYTHONPATH": "."},
    )
    # It may warn about the machine it finds itself on (no graphics device to look at, say).
    assert run.stdout == "1\n" and "telemetry" not in run.stderr.lower()
    assert not list(tmp_path.iterdir())


def test_the_image_keeps_the_services_that_are_used() -> None:
    """The two clients, and what credential providers may call."""
    assert {"kinesis", "s3", "sts"} <= SERVICES
