"""The serving path from stream to stream, the same for the plain process and for the image."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from inference.stream.identity import prediction_id
from tests.inference.support import factory
from tests.inference.support.aggregate import aggregate
from tests.inference.support.kinesis import encoded
from tests.localcloud.support.deployment import Deployment, eventually

Serve = Callable[..., Deployment]
CANARY = "canary-7319"
# All codes but too_large, which the emulator's streams cannot carry (AWS's may, up to 10 MiB).
POISON = {
    "not_utf8": b"\xff\xfe",
    "not_json": b'{"student_id": ',
    "not_an_object": b"[1]",
    "missing_field": b'{"student_id": "canary-7319", "student": {}}',
    "wrong_type": encoded(CANARY, Absences="canary-7319"),
    "not_whole": encoded(CANARY, Absences=7.5),
    "out_of_range": encoded(CANARY, Absences=-1),
    "bad_aggregate": aggregate([("a", encoded(CANARY))])[:-1] + b"?",
}
GOOD = 10


def answers(deployment: Deployment) -> list[dict[str, Any]]:
    """Return the output stream, parsed."""
    return [json.loads(data) for data in deployment.answers()]


def metric(deployment: Deployment, name: str) -> float:
    """Return the sum of a metric over the function's log."""
    # The last line may still be in the making.
    whole = (line for line in deployment.log().splitlines(keepends=True) if line.endswith("\n"))
    lines = [line for line in whole if line.startswith('{"_aws"')]
    return float(sum(sum(json.loads(line).get(name, [])) for line in lines))


def arn(deployment: Deployment) -> str:
    """Return the input stream's ARN."""
    name = deployment.configuration.students_stream_name
    summary = deployment.kinesis.describe_stream_summary(StreamName=name)
    return str(summary["StreamDescriptionSummary"]["StreamARN"])


@pytest.mark.parametrize("position", [0, GOOD // 2, GOOD], ids=["start", "middle", "end"])
def test_every_rejection_anywhere_in_a_batch(serve: Serve, position: int) -> None:
    """GIVEN each kind of poison at the start, in the middle or at the end of a batch
    WHEN it is served THEN every record has one answer with its own id, the good ones a
    prediction, the others their code; nothing is retried or given up, and no log names a
    student."""
    deployment = serve(stream_shard_count=1)
    deployment.publish()
    data = [encoded(f"{CANARY}-{number}") for number in range(GOOD)]
    data[position:position] = POISON.values()
    codes: list[str | None] = [None] * GOOD
    codes[position:position] = POISON
    placed = deployment.put([("key", item) for item in data])
    with deployment:
        deployment.wait_answers(len(data))
        # Written behind the answers; a function that is stopped in between writes no more.
        eventually(lambda: metric(deployment, "Rejected") == len(POISON))
    found = {answer["prediction_id"]: answer for answer in answers(deployment)}
    assert len(found) == len(deployment.answers()) == len(data)
    for (shard, number), code in zip(placed, codes, strict=True):
        answer = found[str(prediction_id(arn(deployment), shard, number))]
        assert answer["status"] == ("rejected" if code else "ok")
        assert {error["code"] for error in answer.get("errors", [])} == ({code} if code else set())
    assert not deployment.failures()
    assert metric(deployment, "BatchFailures") == metric(deployment, "Unpublished") == 0
    assert CANARY not in deployment.log()


def test_an_aggregate_is_answered_one_by_one(serve: Serve) -> None:
    """GIVEN three students in one KPL record, the second broken WHEN it is served
    THEN each has an answer by its place in the record."""
    deployment = serve(stream_shard_count=1)
    deployment.publish()
    packed = aggregate([("a", encoded(1, explain=True)), ("b", b"{"), ("c", encoded(3))])
    ((shard, number),) = deployment.put([("key", packed)])
    with deployment:
        deployment.wait_answers(3)
    found = {answer["prediction_id"]: answer for answer in answers(deployment)}
    first, second, third = (
        found[str(prediction_id(arn(deployment), shard, number, index))] for index in range(3)
    )
    assert first["prediction"]["student_id"] == 1 and first["guidance"]
    assert second["errors"][0]["code"] == "not_json"
    assert third["prediction"]["student_id"] == 3 and "guidance" not in third


def test_models_are_swapped_rolled_back_and_refused(serve: Serve) -> None:
    """GIVEN a serving champion WHEN another one, the old one again and a damaged one are put in
    its place THEN the first two take over, the damaged one never does, and the log says why."""
    deployment = serve(stream_shard_count=1)
    deployment.publish("1")

    def version() -> str:
        before = len(deployment.answers())
        deployment.put([("key", encoded(1))])
        deployment.wait_answers(before + 1)
        return str(answers(deployment)[-1]["version"])

    with deployment:
        assert version() == "1"
        for champion in ("2", "1"):
            deployment.publish(champion)
            eventually(lambda expected=champion: version() == expected)  # type: ignore[misc]
        damaged = deployment.folder / "damaged"
        model = factory.publish(damaged, "3") / "model.onnx"
        model.write_bytes(model.read_bytes()[:-1])
        factory.upload(damaged, deployment.s3, deployment.configuration.model_bucket_name)
        eventually(lambda: version() != "1" or "model.onnx does not match" in deployment.log())
        assert version() == "1"
    assert metric(deployment, "ModelRefreshFailures") >= 1
    assert metric(deployment, "ModelSwaps") >= 3
    assert not deployment.failures()
