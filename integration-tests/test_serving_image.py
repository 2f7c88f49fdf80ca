"""What is seen by invoking the image directly: its errors, and records no local stream can carry.
All else of the serving path runs on image and process alike (the ``serve`` fixture).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from contract.events import MAX_EVENT_BYTES
from tests.inference.support.kinesis import batch, encoded
from tests.localcloud.support.container import Container, Image
from tests.localcloud.support.deployment import Deployment, eventually


@pytest.fixture(name="deployment")
def deployment_fixture(deploy: Callable[..., Deployment]) -> Deployment:
    """Streams and buckets, without the Lambda host and without a model."""
    return deploy()


@pytest.fixture(name="container")
def container_fixture(deployment: Deployment, image: Image) -> Iterator[Container]:
    """The image, running on the deployment's streams."""
    container = Container(image, deployment.variables, deployment.logs / "function.log")
    yield container
    container.stop()


def test_without_a_model_the_image_acknowledges_nothing(container: Container) -> None:
    """GIVEN no champion WHEN a batch is invoked THEN the function fails and says why."""
    answer = container.invoke(batch(encoded(1)))
    assert answer["errorType"] == "ModelUnavailable"
    assert "champion.json cannot be read" in answer["errorMessage"]


def test_a_record_that_is_too_large_is_rejected(
    deployment: Deployment, container: Container
) -> None:
    """GIVEN a record over 1 MiB between good ones WHEN invoked THEN it alone is rejected."""
    deployment.publish()
    event = batch(encoded(1), b" " * (MAX_EVENT_BYTES + 1), encoded(2))
    assert container.invoke(event) == {"batchItemFailures": []}
    answers = [json.loads(data) for data in deployment.wait_answers(3)]
    assert sorted(error["code"] for answer in answers for error in answer.get("errors", ())) == [
        "too_large"
    ]


def test_the_image_sends_no_telemetry(container: Container) -> None:
    """GIVEN the running image WHEN it has started THEN its runtime attempted no telemetry."""
    container.invoke(batch(encoded(1)))
    # The container tool passes the output on in its own time.
    eventually(lambda: "ModelUnavailable" in container.log.read_text(encoding="utf-8"))
    assert "telemetry" not in container.log.read_text(encoding="utf-8")
