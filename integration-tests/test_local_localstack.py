"""LocalStack without Docker where this machine can run it; and a run on a given endpoint, whole."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud import control
from localcloud.__main__ import main
from localcloud.configuration import REPOSITORY
from localcloud.demo.steps import Demo
from localcloud.errors import EnvironmentMissing, LocalCloudError
from localcloud.provision import client
from localcloud.services.emulator import Emulator
from localcloud.services.localstack.host_mode import HostMode
from localcloud.services.localstack.server import version
from localcloud.services.mailbox import identify
from localcloud.state_file import read_variables
from tests.localcloud.support.deployment import eventually
from tests.localcloud.support.processes import listeners, of_state

pytestmark = pytest.mark.embedded


@pytest.fixture(name="localstack")
def localstack_fixture(tmp_path: Path) -> Iterator[HostMode]:
    """LocalStack in host mode."""
    try:
        HostMode.prepare()
    except EnvironmentMissing as missing:
        pytest.skip(str(missing))
    with HostMode(tmp_path / "state") as running:
        yield running


def test_host_mode_serves_on_loopback_and_leaves_nothing(localstack: HostMode) -> None:
    """GIVEN LocalStack without Docker WHEN Kinesis is used THEN it answers, it and the Kinesis below
    it listen on loopback alone, and a stop ends both."""
    variables = localstack.environment()
    kinesis = client("kinesis", variables)
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="s")
    kinesis.put_record(StreamName="s", PartitionKey="1", Data=b"kept")
    assert str(identify(localstack.url)) == f"LocalStack {version()}"
    listening = listeners(of_state(localstack.state))
    # Its own, and kinesis-local's with and without TLS.
    assert len(listening) >= 3
    assert {address for address, _ in listening} == {"127.0.0.1"}
    localstack.stop()
    eventually(lambda: not of_state(localstack.state))


def test_a_run_on_a_given_endpoint_leaves_nothing_there(tmp_path: Path) -> None:
    """GIVEN an endpoint WHEN a module is run on it THEN the run closes with who served it, and no
    stream, bucket or queue of it is left."""
    with Emulator(tmp_path) as emulator:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
                "integration-tests/test_local_cli.py",
            ],
            cwd=REPOSITORY,
            env={**os.environ, "AWS_ENDPOINT_URL": emulator.url},
            capture_output=True,
            text=True,
            check=False,
        )
        variables = emulator.environment()
        assert client("kinesis", variables).list_streams()["StreamNames"] == []
        assert client("s3", variables).list_buckets()["Buckets"] == []
        assert not client("sqs", variables).list_queues().get("QueueUrls")
    assert done.returncode == 0, done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("AWS: ministack 1.") and last.endswith(f"at {emulator.url}, as given")


def test_a_test_of_the_emulator_is_left_out_on_another_endpoint() -> None:
    """GIVEN an endpoint WHEN tests are collected THEN those of the embedded emulator are left out,
    and one is told why."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "integration-tests/test_local_supervisor.py",
        ],
        cwd=REPOSITORY,
        env={**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no tests collected (5 deselected)" in done.stdout
    assert (
        "5 tests that need the embedded emulator itself were left out: http://127.0.0.1:9 is given"
        in done.stdout
    )


def test_up_uses_a_given_endpoint(tmp_path: Path) -> None:
    """GIVEN an endpoint WHEN services are started on it THEN no emulator is, they are told where it
    is, it holds what they need, and another one is refused while they run."""
    state = tmp_path / "state"
    with Emulator(tmp_path / "aws") as emulator:
        try:
            recorded = control.up(state, ["lambda"], print, ("--endpoint", emulator.url))
            assert [entry.name for entry in recorded.services] == ["lambda"]
            variables = read_variables(state)
            assert variables is not None and variables["AWS_ENDPOINT_URL"] == emulator.url
            streams = client("kinesis", variables).list_streams()["StreamNames"]
            assert variables["STUDENTS_STREAM_NAME"] in streams
            other = ["--state", str(state), "--endpoint", "http://127.0.0.1:9"]
            for command in ("up", "train"):
                assert main([*other, command]) == 1
        finally:
            control.down(state)
    eventually(lambda: not of_state(tmp_path))


def test_run_on_a_given_endpoint_has_names_of_its_own_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an endpoint that others use too WHEN `make run` ends, here in its first step THEN what
    it made there is gone and what others have is not."""
    with Emulator(tmp_path / "aws") as emulator:
        kinesis = client("kinesis", emulator.environment())
        kinesis.create_stream(StreamName="others", ShardCount=1)
        during = []

        def walk(_: object) -> None:
            during.extend(kinesis.list_streams()["StreamNames"])
            raise LocalCloudError("the end")

        monkeypatch.setattr(Demo, "_walk", walk)
        monkeypatch.setattr("localcloud.demo.steps.SERVERS", ("postgres",))
        state = ["--state", str(tmp_path / "state"), "--endpoint", emulator.url]
        assert main([*state, "run"]) == 1
        mine = set(during) - {"others"}
        assert len(mine) == 2 and all(name.startswith("run-") for name in mine)
        assert kinesis.list_streams()["StreamNames"] == ["others"]
        assert not client("s3", emulator.environment()).list_buckets()["Buckets"]
