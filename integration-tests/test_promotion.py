"""A version goes from one environment to the next, over real services, and at any kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from contract.bundle import sha256_hex
from inference.model.champion import load
from inference.model.store import S3Store
from localcloud.configuration import REPOSITORY
from localcloud.service import python_of
from localcloud.services.emulator import Emulator
from localcloud.stack import Stack

NAME = "student-performance"
FEWEST_REQUESTS = 15
"""A run, a version, two files, alias and pointer cannot take fewer."""


@pytest.mark.timeout(900)
def test_a_promotion_killed_anywhere(local_stack: Stack, local_mlflow: str) -> None:
    """GIVEN a champion WHEN a promotion from elsewhere is killed (SIGKILL) before any of its requests
    THEN what serves is whole, and the promotion repeated ends with one version that alias and
    pointer name."""
    assert local_mlflow
    run = subprocess.run(
        [str(python_of("orchestrator")), "-m", "tests.orchestrator.support.killed_delivery"],
        env={**os.environ, **local_stack.environment, "MODEL_NAME": "killed-delivery"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    *kills, last = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(kills) >= FEWEST_REQUESTS and last["exit"] == 0
    print(f"killed before each of {len(kills)} requests")
    for kill in kills:
        assert kill["exit"] == -signal.SIGKILL
        (version,) = kill["versions"]
        assert kill["served"] in (kill["before"], version), kill
        assert kill["again"] == 0 and kill["after_again"] == [version, version], kill
    assert len({kill["versions"][0] for kill in kills}) == len(kills)


@pytest.fixture(name="s3")
def _s3(aws: dict[str, str]) -> Iterator[Any]:
    """Staging's and production's buckets, as Terraform names them."""
    client = boto3.client(
        "s3",
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name=aws["AWS_DEFAULT_REGION"],
        aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
    )
    buckets = [f"{NAME}-{e}-{kind}" for e in ("stg", "prod") for kind in ("models", "artifacts")]
    for bucket in buckets:
        client.create_bucket(Bucket=bucket)
    yield client
    for bucket in buckets:
        for found in client.list_objects_v2(Bucket=bucket).get("Contents", []):
            client.delete_object(Bucket=bucket, Key=found["Key"])
        client.delete_bucket(Bucket=bucket)


@pytest.fixture(name="events")
def _events(tmp_path: Path) -> Iterator[str]:
    """An event bus; the local cloud has none of its own."""
    with Emulator(tmp_path / "bus", services="events") as emulator:
        yield emulator.url


def champion(client: Any, environment: str) -> tuple[str, bytes]:
    """Return the version that serving takes there, verified, and its model's bytes."""
    store = S3Store(client, f"{NAME}-{environment}-models", NAME)
    refresh = load(store, NAME)
    assert refresh.predictor is not None, refresh.error
    version = refresh.predictor.manifest.version
    return version, store.file(version, "model.onnx")


@pytest.mark.timeout(600)
def test_from_a_directory_to_staging_to_production(
    aws: dict[str, str], events: str, local_mlflow: str, s3: Any, tmp_path: Path
) -> None:
    """GIVEN a proven version WHEN staging takes it from the caller, and production by its own task
    THEN both serve the same bytes, and production's MLflow names what it serves."""
    environment = {**os.environ, **aws, "AWS_ENDPOINT_URL_EVENTBRIDGE": events}
    python = str(python_of("orchestrator"))

    def promote(*words: str, **more: str) -> list[str]:
        run = subprocess.run(
            [python, "-m", "orchestrator.promote", *words],
            env={**environment, **more},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout.splitlines()

    make = "import sys; from tests.orchestrator.support.carried import write; write(sys.argv[1])"
    subprocess.run([python, "-c", make, str(tmp_path)], cwd=REPOSITORY, check=True, timeout=120)
    assert promote("--from", f"{tmp_path}/", "--to", "stg")[-1].endswith("as version 3.")
    model = (tmp_path / "model.onnx").read_bytes()
    assert champion(s3, "stg") == ("3", model)

    with subprocess.Popen(
        [python, "-u", "-m", "orchestrator.promote"]
        + ["--from", "stg", "--to", "prod", "--version", "3"],
        env=environment,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as asking:
        try:
            assert asking.stdout is not None
            told = asking.stdout.readline(), asking.stdout.readline()
            assert told[0].startswith("stg/3: manifest sha256 ")
            assert told[1].startswith("asked prod: "), told
            # What the rule's target starts, with the variables of Mage's task.
            taken = promote(
                *("--received", "--request-id", told[1].split()[-1]),
                MODEL_BUCKET=f"{NAME}-prod-models",
                ARTIFACT_BUCKET=f"{NAME}-prod-artifacts",
                MODEL_NAME=NAME,
                MLFLOW_TRACKING_URI=local_mlflow,
            )
            said = asking.communicate(timeout=120)[0].splitlines()
        finally:
            asking.kill()
    assert asking.returncode == 0 and said[-1] == taken[-1]
    assert said[-1].startswith("stg/3 is the champion now, as version ")
    version, served = champion(s3, "prod")
    assert said[-1].endswith(f"as version {version}.") and sha256_hex(served) == sha256_hex(model)
