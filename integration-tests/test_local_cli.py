"""The plain AWS command line against the local endpoint, and the provisioning command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from localcloud.configuration import REPOSITORY, load
from tests.localcloud.support.cleaning import discard
from tests.localcloud.support.deployment import HANDLERS, Deployment, write_variables

AWS = Path(sys.executable).with_name("aws")


def test_aws_kinesis_put_record(deploy: Callable[..., Deployment], tmp_path: Path) -> None:
    """GIVEN a deployed function WHEN `aws kinesis put-record` sends a record THEN it comes out at
    the other end.
    """
    deployment = deploy(f"{HANDLERS}.echo.lambda_handler")
    event = tmp_path / "event.json"
    event.write_text('{"by": "hand"}', encoding="utf-8")
    environment = {**os.environ, **deployment.variables, "AWS_PAGER": ""}
    endpoint = environment.pop("AWS_ENDPOINT_URL")
    with deployment:
        subprocess.run(
            [
                *(AWS, "kinesis", "put-record", "--endpoint-url", endpoint, "--partition-key", "1"),
                *("--stream-name", deployment.configuration.students_stream_name),
                # fileb:// means the same to versions 1 and 2 of the command line, plain text does
                # not.
                *("--data", f"fileb://{event}"),
            ],
            env=environment,
            check=True,
            capture_output=True,
        )
        assert deployment.wait_answers(1) == [b'{"by": "hand"}']


def test_provisioning_command(aws: dict[str, str], tmp_path: Path) -> None:
    """GIVEN an endpoint WHEN the command runs THEN it writes the variables; without one it says
    what is missing.
    """
    file = write_variables(tmp_path)
    try:
        _provisioned(aws, file, tmp_path / "env")
    finally:
        discard(load(file), aws)


def _provisioned(aws: dict[str, str], file: Path, out: Path) -> None:
    command = [sys.executable, "-m", "localcloud.provision", "--variables", str(file)]
    subprocess.run(
        [*command, "--out", str(out)], env={**os.environ, **aws}, cwd=REPOSITORY, check=True
    )
    lines = dict(line.split("=", 1) for line in out.read_text(encoding="utf-8").splitlines())
    assert (
        lines["MODEL_BUCKET"] == json.loads(file.read_text(encoding="utf-8"))["model_bucket_name"]
    )
    assert lines["FAILURE_QUEUE_URL"].startswith("http")

    bare = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    failed = subprocess.run(
        command, env=bare, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "AWS_ENDPOINT_URL" in failed.stderr
