"""Where the event source mapping goes on: restarts, starting positions, unreachable models, shards
that split.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest

from inference.stream.identity import prediction_id
from localcloud.provision import provision
from localcloud.services.mailbox import MOTO, identify
from tests.localcloud.support.deployment import (
    HANDLERS,
    STUDENT,
    Deployment,
    eventually,
    next_second,
)

ECHO = f"{HANDLERS}.echo.lambda_handler"
Deploy = Callable[..., Deployment]


def students(count: int) -> list[tuple[str, bytes]]:
    """Return events of ``count`` students."""
    events = [{"student_id": number, "student": STUDENT} for number in range(count)]
    return [(str(event["student_id"]), json.dumps(event).encode()) for event in events]


def test_killed_mid_stream_nothing_is_lost_or_doubled(deploy: Deploy) -> None:
    """GIVEN 4,000 students WHEN the host is killed with SIGKILL again and again THEN after dedupe
    by prediction_id every record has exactly one answer.
    """
    deployment = deploy(mapping_batch_size=100, mapping_maximum_retry_attempts=-1)
    deployment.publish()
    arn = deployment.kinesis.describe_stream_summary(
        StreamName=deployment.configuration.students_stream_name
    )["StreamDescriptionSummary"]["StreamARN"]
    placed = deployment.put(students(4000))
    expected = {str(prediction_id(arn, shard, number)) for shard, number in placed}
    kills = 0
    for share in (0.1, 0.4, 0.7):
        deployment.start()
        eventually(lambda at=share: len(deployment.answers()) >= at * 4000)  # type: ignore[misc]
        assert deployment.host and deployment.host.process and deployment.host.process.pid
        os.killpg(os.getpgid(deployment.host.process.pid), signal.SIGKILL)
        deployment.stop()
        kills += 1
    with deployment:
        eventually(
            lambda: {json.loads(a)["prediction_id"] for a in deployment.answers()} >= expected
        )
    answered = Counter(json.loads(answer)["prediction_id"] for answer in deployment.answers())
    assert kills == 3
    assert set(answered) == expected
    assert not deployment.failures()


def test_an_unreachable_model_delays_and_loses_nothing(deploy: Deploy) -> None:
    """GIVEN an empty model bucket WHEN records come THEN none is acknowledged; once a model is
    there all are answered.
    """
    deployment = deploy(mapping_maximum_retry_attempts=-1, function_timeout_seconds=5)
    deployment.put(students(20))
    with deployment:
        eventually(lambda: '"Errors"' in deployment.log())
        assert not deployment.answers()
        deployment.publish()
        answers = [json.loads(answer) for answer in deployment.wait_answers(20)]
    assert {answer["status"] for answer in answers} == {"ok"}
    assert {answer["prediction"]["student_id"] for answer in answers} == set(range(20))
    assert not deployment.failures()


def test_latest_skips_what_was_there_before(deploy: Deploy) -> None:
    """GIVEN records before and after the mapping was made WHEN it starts at LATEST THEN only the
    later are read, also those that came while it was down before it had read any.
    """
    deployment = deploy(ECHO, mapping_starting_position="LATEST")
    deployment.put([("a", b"before"), ("b", b"before")])
    next_second()
    deployment.start()
    deployment.stop()
    deployment.put([("a", b"while down"), ("b", b"while down")])
    with deployment:
        deployment.wait_answers(2)
        deployment.put([("a", b"after")])
        deployment.wait_answers(3)
    assert sorted(deployment.answers()) == [b"after", b"while down", b"while down"]


def test_at_timestamp_begins_there(deploy: Deploy) -> None:
    """GIVEN records on both sides of a time WHEN the mapping starts AT_TIMESTAMP THEN the later are
    read.
    """
    deployment = deploy(ECHO)
    deployment.put([("a", b"before")])
    moment = next_second()
    changed = deploy(
        ECHO,
        students_stream_name=deployment.configuration.students_stream_name,
        mapping_starting_position="AT_TIMESTAMP",
        mapping_starting_position_timestamp=moment,
    )
    changed.put([("a", b"after")])
    with changed:
        assert changed.wait_answers(1) == [b"after"]


def test_a_split_shard_goes_on_in_its_children(deploy: Deploy, aws: dict[str, str]) -> None:
    """GIVEN a shard whose records are all read WHEN it splits THEN its children are read and
    nothing is repeated.
    """
    if identify(aws["AWS_ENDPOINT_URL"]).name == MOTO:
        pytest.skip("moto goes on putting into a shard that has split")
    deployment = deploy(ECHO, stream_shard_count=1)
    name = deployment.configuration.students_stream_name
    deployment.put([(str(n), f"old-{n}".encode()) for n in range(50)])
    with deployment:
        deployment.wait_answers(50)
        deployment.kinesis.split_shard(
            StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
        )
        placed = deployment.put([(str(n), f"new-{n}".encode()) for n in range(50)])
        deployment.wait_answers(100)
    assert len({shard for shard, _ in placed}) == 2
    assert sorted(deployment.answers()) == sorted(
        f"{age}-{n}".encode() for age in ("old", "new") for n in range(50)
    )


def test_parallel_lanes_keep_the_order_of_each_key(deploy: Deploy) -> None:
    """GIVEN four lanes and five keys WHEN many small batches run at once THEN each key's records
    come out in order.
    """
    deployment = deploy(
        ECHO, stream_shard_count=1, mapping_parallelization_factor=4, mapping_batch_size=7
    )
    deployment.put([(f"key-{n % 5}", f"{n % 5}:{n}".encode()) for n in range(400)])
    with deployment:
        answers = [answer.decode() for answer in deployment.wait_answers(400)]
    for key in range(5):
        numbers = [int(a.partition(":")[2]) for a in answers if a.startswith(f"{key}:")]
        assert numbers == sorted(numbers) and len(numbers) == 80


def _make_anew(deployment: Deployment) -> None:
    """Delete the input stream and make it again under its name, its shards under their ids."""
    name = deployment.configuration.students_stream_name
    about = {"StreamName": name}
    created = deployment.kinesis.describe_stream_summary(**about)["StreamDescriptionSummary"]
    deployment.kinesis.delete_stream(StreamName=name)
    deployment.kinesis.get_waiter("stream_not_exists").wait(
        StreamName=name, WaiterConfig={"Delay": 1}
    )
    # The emulator tells times of creation in whole seconds.
    eventually(lambda: time.time() >= created["StreamCreationTimestamp"].timestamp() + 1)
    provision(deployment.configuration, deployment.variables)


@pytest.mark.parametrize("while_down", [True, False])
def test_a_stream_made_anew_is_read_from_its_start(deploy: Deploy, while_down: bool) -> None:
    """GIVEN a shard that is read and closed WHEN its stream is made anew, under the host or while
    it is down THEN every record of the new one is answered, said in the log.
    """
    deployment = deploy(ECHO, stream_shard_count=1)
    name = deployment.configuration.students_stream_name
    deployment.put([(str(n), f"old-{n}".encode()) for n in range(20)])
    deployment.start()
    deployment.wait_answers(20)
    deployment.kinesis.split_shard(
        StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    deployment.put([(str(n), f"split-{n}".encode()) for n in range(20)])
    deployment.wait_answers(40)
    closed = deployment.folder / "host" / "lambda" / "checkpoints.json"
    eventually(lambda: b'"closed":true' in closed.read_bytes())
    if while_down:
        deployment.stop()
    _make_anew(deployment)
    deployment.put([(str(n), f"new-{n}".encode()) for n in range(20)])
    if while_down:
        deployment.start()
    with suppress(AssertionError):
        deployment.wait_answers(60)
    deployment.stop()
    assert {f"new-{n}".encode() for n in range(20)} <= set(deployment.answers())
    assert "positions in the earlier one are discarded" in deployment.log()


@pytest.mark.slow
@pytest.mark.parametrize("away", ["output stream", "model"])
def test_a_minute_of_outage_costs_time_and_no_record(deploy: Deploy, away: str) -> None:
    """GIVEN the retries of the variables file and records that keep coming WHEN the output stream,
    or the model of a function that starts cold, is away for a minute THEN every record of that time
    is answered, and nothing is given up.
    """
    deployment = deploy(stream_shard_count=1)
    about = {"StreamName": deployment.configuration.predictions_stream_name}
    arn = deployment.kinesis.describe_stream_summary(
        StreamName=deployment.configuration.students_stream_name
    )["StreamDescriptionSummary"]["StreamARN"]
    if away == "output stream":
        deployment.publish()
        deployment.kinesis.delete_stream(**about)
        deployment.kinesis.get_waiter("stream_not_exists").wait(**about, WaiterConfig={"Delay": 1})
    placed = []
    with deployment:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            placed += deployment.put(students(50))
            time.sleep(0.5)
        assert not deployment.failures()
        if away == "output stream":
            provision(deployment.configuration, deployment.variables)
        else:
            deployment.publish()
        expected = {str(prediction_id(arn, shard, number)) for shard, number in placed}
        eventually(
            lambda: {json.loads(a)["prediction_id"] for a in deployment.answers()} >= expected
        )
    assert {json.loads(a)["prediction_id"] for a in deployment.answers()} == expected
    assert {json.loads(answer)["status"] for answer in deployment.answers()} == {"ok"}
    assert not deployment.failures()
