"""What the event source mapping does when the function fails: retries, bisection, discards and
their report.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from inference.stream.deaths import MOST_DEATHS
from tests.inference.support.kinesis import encoded
from tests.localcloud.support.deployment import HANDLERS, Deployment, eventually

FRAGILE = f"{HANDLERS}.fragile.lambda_handler"
Deploy = Callable[..., Deployment]


def numbered(count: int, **orders: str) -> list[tuple[str, bytes]]:
    """Return ``count`` records for one shard, with ``orders`` ({"at_3": "raise"}) among them."""
    items = [("key", f"record-{number}".encode()) for number in range(count)]
    for place, order in orders.items():
        items[int(place.removeprefix("at_"))] = ("key", order.encode())
    return items


@pytest.mark.parametrize("position", [0, 7, 19], ids=["start", "middle", "end"])
def test_poison_is_isolated_and_reported(deploy: Deploy, position: int) -> None:
    """GIVEN a record that always raises WHEN batches are bisected THEN all others are answered, it
    alone is reported.
    """
    deployment = deploy(FRAGILE, mapping_maximum_retry_attempts=1)
    items = numbered(20, **{f"at_{position}": "raise"})
    placed = deployment.put(items)
    with deployment:
        deployment.wait_answers(19)
        (failure,) = eventually(deployment.failures)
    assert set(deployment.answers()) == {data for _, data in items} - {b"raise"}
    shard_id, number = placed[position]
    info = failure["KinesisBatchInfo"]
    assert info["shardId"] == shard_id
    assert info["startSequenceNumber"] == info["endSequenceNumber"] == number
    assert info["batchSize"] == 1
    assert info["streamArn"].endswith(deployment.configuration.students_stream_name)
    assert info["approximateArrivalOfFirstRecord"] == info["approximateArrivalOfLastRecord"]
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["requestContext"]["functionArn"].endswith(
        f":function:{deployment.configuration.function_name}"
    )
    # Whole, in halves, ... alone, and alone once more.
    assert failure["requestContext"]["approximateInvokeCount"] >= 2
    assert failure["responseContext"]["functionError"] == "Unhandled"
    assert failure["version"] == "1.0"


def test_a_reported_record_is_retried_with_what_follows_it(deploy: Deploy) -> None:
    """GIVEN a batch whose fourth record is reported WHEN retries end THEN three are answered, seven
    reported.
    """
    deployment = deploy(FRAGILE, mapping_maximum_retry_attempts=2)
    deployment.put(numbered(10, at_3="report"))
    with deployment:
        (failure,) = eventually(deployment.failures)
    assert deployment.answers() == [b"record-0", b"record-1", b"record-2"]
    assert failure["KinesisBatchInfo"]["batchSize"] == 7
    assert "functionError" not in failure["responseContext"]


def test_a_meaningless_response_fails_the_whole_batch(deploy: Deploy) -> None:
    """GIVEN a response that is no list of failures WHEN retries end THEN the whole batch is
    reported.
    """
    deployment = deploy(FRAGILE, mapping_maximum_retry_attempts=0, mapping_bisect_on_error=False)
    deployment.put(numbered(5, at_2="garbage"))
    with deployment:
        (failure,) = eventually(deployment.failures)
    assert failure["KinesisBatchInfo"]["batchSize"] == 5
    assert not deployment.answers()


@pytest.mark.parametrize("order", ["exit", "sleep"])
def test_a_dead_or_stuck_function_is_replaced(deploy: Deploy, order: str) -> None:
    """GIVEN a record on which the process exits or hangs THEN it is reported and the rest answered
    by a new process.
    """
    # The good records must be answered within it too, on a busy machine as well.
    limit = {"function_timeout_seconds": 5} if order == "sleep" else {}
    deployment = deploy(FRAGILE, mapping_maximum_retry_attempts=0, **limit)
    deployment.put(numbered(4, at_1=order))
    with deployment:
        deployment.wait_answers(3)
        (failure,) = eventually(deployment.failures)
    assert sorted(deployment.answers()) == [b"record-0", b"record-2", b"record-3"]
    assert failure["KinesisBatchInfo"]["batchSize"] == 1


def test_a_function_that_cannot_be_loaded_reports_everything(deploy: Deploy) -> None:
    """GIVEN a handler that raises on import WHEN retries end THEN each record is reported and the
    host goes on.
    """
    deployment = deploy(f"{HANDLERS}.broken.lambda_handler", mapping_maximum_retry_attempts=0)
    deployment.put(numbered(2))
    with deployment:
        failures: list[dict[str, object]] = []
        eventually(lambda: failures.extend(deployment.failures()) or len(failures) >= 2)
        assert deployment.host and deployment.host.process and deployment.host.process.alive
    assert "told to fail at import" in deployment.log()


def test_old_records_are_reported_unsent(deploy: Deploy) -> None:
    """GIVEN a record older than the maximum age WHEN the host starts THEN it is reported without an
    invocation, and younger ones are answered.
    """
    deployment = deploy(FRAGILE, mapping_maximum_record_age_seconds=5)
    deployment.put(numbered(1, at_0="raise"))
    time.sleep(5.1)
    with deployment:
        failure = eventually(deployment.failures)[0]

        def young() -> list[bytes]:
            # On a busy machine one may grow old as well before it is read.
            deployment.put([("key", b"young")])
            return deployment.answers()

        assert set(eventually(young)) == {b"young"}
    assert failure["requestContext"]["condition"] == "RecordAgeExceeded"
    assert failure["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in failure


def test_every_kind_of_failure_in_one_batch(deploy: Deploy) -> None:
    """GIVEN a raise, an exit and good records in one batch THEN the good ones are all answered."""
    deployment = deploy(FRAGILE, mapping_maximum_retry_attempts=0)
    deployment.put(numbered(8, at_0="raise", at_3="exit", at_4="raise"))
    with deployment:
        deployment.wait_answers(5)
        failures: list[dict[str, object]] = []
        eventually(lambda: failures.extend(deployment.failures()) or len(failures) >= 3)
    assert sorted(deployment.answers()) == [f"record-{n}".encode() for n in (1, 2, 5, 6, 7)]


def test_a_record_that_kills_every_process_is_answered(deploy: Deploy) -> None:
    """GIVEN the shipped settings and a record among 200 that kills the project's own function THEN
    after a few deaths it is rejected, all others are answered, and its shard goes on.
    """
    deployment = deploy(f"{HANDLERS}.deadly.lambda_handler", stream_shard_count=1)
    deployment.publish()
    datas = [encoded(number, request_id="kill" if number == 123 else None) for number in range(200)]
    deployment.put(("key", data) for data in datas)
    with deployment:
        deployment.wait_answers(200)
        deployment.put([("key", encoded(200))])
        answers = [json.loads(data) for data in deployment.wait_answers(201)]
    assert not deployment.failures()
    # A death after publishing is a repeat with the same id, as ever.
    told = {answer["prediction_id"]: answer for answer in answers}
    assert len(told) == 201
    rejected = [answer for answer in told.values() if answer["status"] == "rejected"]
    assert [error["code"] for answer in rejected for error in answer["errors"]] == ["model_failed"]
    assert rejected[0]["student_id"] is None
    (deaths,) = deployment.folder.glob("host/**/deaths")
    # As a whole, in halves, ... and alone.
    assert MOST_DEATHS < len(deaths.read_text(encoding="ascii").split()) <= MOST_DEATHS + 8
