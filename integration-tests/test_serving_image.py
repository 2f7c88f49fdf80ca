"""The built image, run through its runtime interface emulator against the local streams.

SERVING_IMAGE names the image (``make image`` builds ``student-performance-inference``);
CONTAINER_TOOL the program to run it with. Where there is neither, these tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infrastructure.local.ports import free_port
from tests.inference.aggregate import aggregate
from tests.inference.stream import batch, encoded
from tests.infrastructure.local.deployment import Deployment

IMAGE = os.environ.get("SERVING_IMAGE", "")
TOOL = os.environ.get("CONTAINER_TOOL") or shutil.which("docker") or shutil.which("podman") or ""
pytestmark = pytest.mark.skipif(
    not (IMAGE and TOOL),
    reason="needs SERVING_IMAGE (an image built by make image) and docker or podman",
)
PATH = "/2015-03-31/functions/function/invocations"
AWS_EMULATOR_PORT = 8080
"""AWS's emulator always listens there; a stand-in may follow RIE_PORT."""


class Container:
    """The running function: `invoke` hands it an event."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._ports = (free_port(), AWS_EMULATOR_PORT)
        environment = {
            **variables,
            "RIE_BIND": "127.0.0.1",
            "RIE_PORT": str(self._ports[0]),
            "AWS_REGION": variables["AWS_DEFAULT_REGION"],
        }
        settings = [part for item in environment.items() for part in ("-e", "=".join(item))]
        self._name = f"student-performance-test-{uuid.uuid4().hex}"
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            [TOOL, "run", "--rm", "--name", self._name, "--network", "host", *settings, IMAGE],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def invoke(self, event: dict[str, Any], seconds: float = 60.0) -> dict[str, Any]:
        """Return the function's answer; waits for the emulator to come up."""
        deadline = time.monotonic() + seconds
        while True:
            for port in self._ports:
                try:
                    request = urllib.request.Request(
                        f"http://127.0.0.1:{port}{PATH}", json.dumps(event).encode()
                    )
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        document: dict[str, Any] = json.load(answer)
                        return document
                except (urllib.error.URLError, ConnectionError):
                    continue
            assert self._process.poll() is None, self._process.communicate()[0]
            assert time.monotonic() < deadline, "the emulator did not come up"
            time.sleep(0.2)

    def stop(self) -> str:
        """Stop the container; return what it has written."""
        subprocess.run([TOOL, "kill", self._name], capture_output=True, timeout=60, check=False)
        return self._process.communicate(timeout=60)[0]


@pytest.fixture(name="deployment")
def deployment_fixture(deploy: Callable[..., Deployment]) -> Deployment:
    """Streams and buckets, without the Lambda host."""
    return deploy()


@pytest.fixture(name="container")
def container_fixture(deployment: Deployment) -> Iterator[Container]:
    """The image, running on the deployment's streams."""
    container = Container(deployment.variables)
    yield container
    container.stop()


def test_the_image_answers_like_the_process(deployment: Deployment, container: Container) -> None:
    """GIVEN a champion WHEN a batch with poison and an aggregate is invoked
    THEN each record has its answer, a swap and a rollback work, and logs hold no student."""
    deployment.publish("1")
    packed = aggregate([("a", encoded(f"canary-{number}")) for number in range(3)])
    event = batch(encoded("canary", explain=True), b"{", packed)
    assert container.invoke(event) == {"batchItemFailures": []}
    answers = [json.loads(data) for data in deployment.wait_answers(5)]
    assert sorted(answer["status"] for answer in answers) == ["ok"] * 4 + ["rejected"]
    for version in ("2", "1"):
        deployment.publish(version)
        time.sleep(1)
        container.invoke(batch(encoded(1)))
        container.invoke(batch(encoded(1)))
        last = [json.loads(data)["version"] for data in deployment.answers()]
        assert version in last[-2:]
    assert "canary" not in container.stop()


def test_without_a_model_the_image_acknowledges_nothing(container: Container) -> None:
    """GIVEN no champion WHEN a batch is invoked THEN the function fails and says why."""
    answer = container.invoke(batch(encoded(1)))
    assert answer["errorType"] == "ModelUnavailable"
    assert "champion.json cannot be read" in answer["errorMessage"]
