"""What a minute without rights or without the model's bucket costs: time, and no record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from inference.stream.identity import prediction_id
from localcloud.provision import delete_bucket, provision
from tests.inference.support.kinesis import encoded
from tests.localcloud.support.denying import DenyingEndpoint
from tests.localcloud.support.deployment import Deployment, eventually

Deploy = Callable[..., Deployment]
OUTAGE_SECONDS = 60.0


def load(deployment: Deployment, seconds: float) -> set[str]:
    """Put students for so long; return the ids of their answers."""
    name = deployment.configuration.students_stream_name
    summary = deployment.kinesis.describe_stream_summary(StreamName=name)
    arn = summary["StreamDescriptionSummary"]["StreamARN"]
    expected, end = set(), time.monotonic() + seconds
    while not expected or time.monotonic() < end:
        placed = deployment.put([(f"{number}", encoded(number)) for number in range(50)])
        expected |= {prediction_id(arn, shard, number) for shard, number in placed}
        time.sleep(0.5)
    return expected


def answered(deployment: Deployment) -> set[str]:
    """Return the ids on the output stream."""
    return {json.loads(answer)["prediction_id"] for answer in deployment.answers()}


def settled(deployment: Deployment, expected: set[str]) -> None:
    """Wait for every answer; all of them predictions, none of another record, nothing given up."""
    eventually(lambda: answered(deployment) >= expected)
    assert answered(deployment) == expected
    assert {json.loads(answer)["status"] for answer in deployment.answers()} == {"ok"}
    assert not deployment.failures()


@pytest.mark.slow
def test_a_minute_of_denied_access_costs_no_record(deploy: Deploy, aws: dict[str, str]) -> None:
    """GIVEN a function at work WHEN it may not write to the output stream for a minute
    THEN every record of that time is answered once it may again.
    """
    deployment = deploy(stream_shard_count=1)
    deployment.publish()
    with DenyingEndpoint(aws["AWS_ENDPOINT_URL"]) as endpoint:
        deployment.variables["AWS_ENDPOINT_URL"] = endpoint.url
        with deployment:
            expected = load(deployment, 0)
            deployment.wait_answers(len(expected))
            endpoint.denied = {"PutRecords"}
            later = load(deployment, OUTAGE_SECONDS)
            assert endpoint.refusals, "it was denied"
            assert not answered(deployment) & later and not deployment.failures()
            endpoint.denied = set()
            settled(deployment, expected | later)


@pytest.mark.slow
def test_a_minute_without_the_models_bucket_costs_no_record(deploy: Deploy) -> None:
    """GIVEN a function that starts cold WHEN the model's bucket is away for a minute
    THEN every record of that time is answered once it is there with its model.
    """
    deployment = deploy(stream_shard_count=1)
    delete_bucket(deployment.s3, deployment.configuration.model_bucket_name)
    with deployment:
        expected = load(deployment, OUTAGE_SECONDS)
        assert "model_unavailable" in deployment.log()
        assert not deployment.answers() and not deployment.failures()
        provision(deployment.configuration, deployment.variables)
        deployment.publish()
        settled(deployment, expected)


@pytest.mark.parametrize("gone", ["bucket", "model"])
def test_a_warm_function_answers_with_the_model_it_holds(deploy: Deploy, gone: str) -> None:
    """GIVEN a function at work WHEN its model, or the bucket too, is deleted THEN it has noticed
    (several looks failed) and goes on answering with the version it holds.
    """
    deployment = deploy(stream_shard_count=1)
    deployment.publish("7")
    bucket = deployment.configuration.model_bucket_name
    with deployment:
        expected = load(deployment, 0)
        deployment.wait_answers(len(expected))
        if gone == "bucket":
            delete_bucket(deployment.s3, bucket)
        else:
            for item in deployment.s3.list_objects_v2(Bucket=bucket)["Contents"]:
                deployment.s3.delete_object(Bucket=bucket, Key=item["Key"])

        def noticed() -> bool:
            expected.update(load(deployment, 0))
            return deployment.log().count('"ModelRefreshFailures":[1.0]') >= 3

        eventually(noticed)
        settled(deployment, expected)
    assert {json.loads(answer)["version"] for answer in deployment.answers()} == {"7"}
