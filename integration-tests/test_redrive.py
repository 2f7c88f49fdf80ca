"""What the mapping has given up comes back by one command, under the ids it would have had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.client.failures import Depth, FailureQueue
from inference.stream.identity import event_time, prediction_id
from localcloud import control
from localcloud.configuration import REPOSITORY
from localcloud.lock import StateLock
from localcloud.ports import free_port
from localcloud.process import Process
from localcloud.service import base_environment
from localcloud.state_file import StateFile, write_state_file, write_variables
from tests.inference.support.aggregate import aggregate
from tests.inference.support.kinesis import encoded
from tests.localcloud.support.deployment import (
    HANDLERS,
    PATIENCE_SECONDS,
    Deployment,
    eventually,
)
from tests.localcloud.support.processes import is_listening

Deploy = Callable[..., Deployment]
HANDLER = "inference.handler.lambda_handler"
FRAGILE = f"{HANDLERS}.fragile.lambda_handler"
WHOLE = {"mapping_maximum_record_age_seconds": 2, "mapping_bisect_on_error": False}
"""Batches are given up soon, and as they were."""


def start(deployment: Deployment, *arguments: str) -> subprocess.Popen[str]:
    """Start a command of the client."""
    return subprocess.Popen(
        [sys.executable, "-m", "inference.client", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **deployment.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def client(deployment: Deployment, *arguments: str) -> tuple[int, str, str]:
    """Run a command of the client; return its exit code, output and errors."""
    with start(deployment, *arguments) as running:
        output, errors = running.communicate(timeout=PATIENCE_SECONDS)
    return running.returncode, output, errors


def queue(deployment: Deployment) -> FailureQueue:
    """Return the deployment's failure queue."""
    return FailureQueue(deployment.sqs, deployment.variables["FAILURE_QUEUE_URL"])


def given_up(deployment: Deployment, messages: int) -> None:
    """Wait until so many messages lie in the failure queue."""
    eventually(lambda: queue(deployment).depth() == Depth(messages, 0))


def ids(deployment: Deployment, placed: list[tuple[str, str]], packed: int = 0) -> set[str]:
    """Return the ids of the answers to what was put; the last one holds ``packed`` user records."""
    name = deployment.configuration.students_stream_name
    arn = deployment.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"][
        "StreamARN"
    ]
    found = {prediction_id(arn, shard, number) for shard, number in placed}
    shard, number = placed[-1]
    return found | {prediction_id(arn, shard, number, sub) for sub in range(packed)}


def answered(deployment: Deployment) -> Counter[str]:
    """Count the answers by their id."""
    return Counter(json.loads(answer)["prediction_id"] for answer in deployment.answers())


def arrivals(deployment: Deployment) -> set[str]:
    """Return when the records of the input stream arrived, as answers say it."""
    name, found = deployment.configuration.students_stream_name, set()
    for shard in deployment.kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = deployment.kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for record in deployment.kinesis.get_records(ShardIterator=iterator)["Records"]:
            found.add(event_time(record["ApproximateArrivalTimestamp"].timestamp()))
    return found


def status(state: Path, deployment: Deployment) -> str:
    """Return what `make status` says of a stack at the deployment's endpoint."""
    lock = StateLock(state)
    write_state_file(state, StateFile(1, "ready", []))
    write_variables(state, deployment.variables)
    said = control.status(state)
    lock.release()
    return said


def test_given_up_records_come_back_once_under_their_ids(deploy: Deploy, tmp_path: Path) -> None:
    """GIVEN records that found no model until they were too old WHEN there is one and redrive runs
    THEN each has one answer with its own id and arrival time, and the queue is empty.
    """
    deployment = deploy(**WHOLE)
    students = [(f"{number}", encoded(number)) for number in range(40)]
    packed = ("packed", aggregate([("a", encoded(number)) for number in range(20)]))
    placed = deployment.put([*students, ("broken", b"{"), packed])
    with deployment:
        assert len({shard for shard, _ in placed}) == 2
        given_up(deployment, 2)
        code, _, errors = client(deployment, "put-record", "--wait", "1")
        assert code == 2
        assert "no model yet: make train; " in errors and ": make redrive" in errors
        given_up(deployment, 3)
        assert "3 batches given up, the oldest " in status(tmp_path / "state", deployment)
        deployment.publish()
        code, output, _ = client(deployment, "redrive")
        assert code == 0 and "43 records can be answered, 0 are lost; nothing was done" in output
        assert output.count("RecordAgeExceeded, in the stream") == 3
        given_up(deployment, 3)
        assert not deployment.answers()
        code, output, errors = client(deployment, "redrive", "--yes")
        assert code == 0, errors + output
        assert "43 records answered, 3 messages removed, 0 left" in output
        again = client(deployment, "redrive", "--yes")
        assert again[0] == 0 and "0 records answered, 0 messages removed, 0 left" in again[1]
        found = answered(deployment)
    expected = ids(deployment, placed, packed=20)
    assert expected <= set(found) and len(found) == len(expected) + 1, "the one of put-record too"
    assert set(found.values()) == {1}
    times = {json.loads(answer)["event_time"] for answer in deployment.answers()}
    assert times == arrivals(deployment)
    given_up(deployment, 0)
    assert "nothing given up" in status(tmp_path / "state", deployment)


def test_a_record_that_kills_the_function_is_named_and_stays(deploy: Deploy) -> None:
    """GIVEN a batch with a record on which the process ends WHEN redriven THEN the others are
    answered, it is named by its number, and the message stays.
    """
    deployment = deploy(FRAGILE, mapping_maximum_retry_attempts=0, mapping_bisect_on_error=False)
    placed = deployment.put([("key", order) for order in (b"1", b"2", b"exit", b"3", b"4")])
    with deployment:
        given_up(deployment, 1)
        code, output, _ = client(deployment, "redrive", "--yes")
    assert code == 1
    assert f"the function fails on 1 records: {placed[2][1]}: Runtime.ExitError" in output
    assert sorted(deployment.answers()) == [b"1", b"2", b"3", b"4"]
    given_up(deployment, 1)


@pytest.mark.embedded
def test_what_retention_has_taken_is_named(deploy: Deploy) -> None:
    """GIVEN given-up records that the stream no longer holds (the emulator drops those of a shard
    that splits) WHEN redriven THEN they are named and stay until --forget-lost.
    """
    deployment = deploy(stream_shard_count=1, **WHOLE)
    name = deployment.configuration.students_stream_name
    placed = deployment.put([("1", encoded(1)), ("2", encoded(2))])
    with deployment:
        given_up(deployment, 1)
        deployment.publish()
        deployment.kinesis.split_shard(
            StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
        )
        lost = f"shardId-000000000000 {placed[0][1]} to {placed[1][1]} (2 records, arrived "
        code, output, _ = client(deployment, "redrive")
        assert code == 0 and lost in output and "0 records can be answered, 2 are lost" in output
        code, output, _ = client(deployment, "redrive", "--yes")
        assert code == 1 and lost in output and "retention has taken 2" in output
        given_up(deployment, 1)
        code, output, _ = client(deployment, "redrive", "--yes", "--forget-lost")
        assert code == 0 and lost in output and "1 messages removed, 0 left" in output
    given_up(deployment, 0)
    assert not deployment.answers()


@pytest.mark.slow
def test_killed_and_repeated_and_beside_another(deploy: Deploy) -> None:
    """GIVEN many given-up batches WHEN a redrive is killed in the middle, and two more then run at
    once THEN every record has its answer under its id, and the queue is empty.
    """
    deployment = deploy(mapping_batch_size=5, **WHOLE)
    placed = deployment.put([(f"{number}", encoded(number)) for number in range(200)])
    expected = ids(deployment, placed)
    with deployment:
        shards = Counter(shard for shard, _ in placed).values()
        waiting = sum(-(-records // 5) for records in shards)
        given_up(deployment, waiting)
        deployment.publish()
        with start(deployment, "redrive", "--yes") as victim:
            eventually(lambda: len(deployment.answers()) >= 30)
            victim.send_signal(signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL
        assert sum(queue(deployment).depth()) not in (0, waiting), "killed in the middle"
        both = [start(deployment, "redrive", "--yes") for _ in range(2)]
        for running in both:
            output, errors = running.communicate(timeout=PATIENCE_SECONDS)
            assert running.returncode == 0, output + errors
        # What the killed one held comes back by itself.
        eventually(lambda: queue(deployment).depth().hidden == 0)
        code, output, errors = client(deployment, "redrive", "--yes")
        assert code == 0, output + errors
        assert set(answered(deployment)) == expected
    given_up(deployment, 0)


def test_without_a_model_nothing_is_removed(deploy: Deploy) -> None:
    """GIVEN no model yet WHEN redriven THEN one line says so and every message stays."""
    deployment = deploy(**WHOLE)
    placed: list[Any] = deployment.put([("1", encoded(1))])
    assert len(placed) == 1
    with deployment:
        given_up(deployment, 1)
        code, output, errors = client(deployment, "redrive", "--yes")
    assert code == 2 and "error: " in errors and "ModelUnavailable" in errors, output
    assert "make train" in errors and "Traceback" not in errors
    given_up(deployment, 1)


def test_an_image_answers_by_the_runtime_interface_emulator(deploy: Deploy) -> None:
    """GIVEN the function behind the emulator of its image, which knows it as "function"
    WHEN redriven by that name THEN the records are answered.
    """
    deployment = deploy(**WHOLE)
    placed = deployment.put([("1", encoded(1)), ("1", b"{")])
    with deployment:
        given_up(deployment, 1)
    deployment.publish()
    port = free_port()
    emulator = Process(
        "emulator",
        [sys.executable, "-m", "localcloud.lambda_host.interface_emulator", HANDLER],
        log=deployment.logs / "emulator.log",
        environment=base_environment(
            **deployment.variables, RIE_BIND="127.0.0.1", RIE_PORT=str(port)
        ),
        cwd=REPOSITORY,
    )
    emulator.start()
    try:
        emulator.wait_ready(lambda: is_listening(port), PATIENCE_SECONDS)
        deployment.variables["AWS_ENDPOINT_URL_LAMBDA"] = f"http://127.0.0.1:{port}"
        code, output, errors = client(deployment, "redrive", "--yes", "--function", "function")
    finally:
        emulator.stop()
    assert code == 0, output + errors
    assert set(answered(deployment)) == ids(deployment, placed)
    given_up(deployment, 0)
