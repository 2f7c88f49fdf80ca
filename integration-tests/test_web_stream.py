"""The web service beside the stream: both ways in give the same answers from the same model."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.configuration import load, with_handler
from localcloud.lambda_host.function import Function
from localcloud.provision import client
from localcloud.stack import Stack
from tests.inference.support import factory
from tests.inference.support.kinesis import encoded, event
from tests.localcloud.support.deployment import own_stack

PATIENCE_SECONDS = 240.0
REFRESH_SECONDS = 2

pytestmark = pytest.mark.slow


@pytest.fixture(name="stack", scope="module")
def stack_fixture(aws, tmp_path_factory) -> Iterator[Stack]:
    """Lambda host and web service, with version 1 published to the bucket."""
    folder = tmp_path_factory.mktemp("stack")
    services = ("lambda", "web")
    with own_stack(aws, folder, services, model_refresh_seconds=REFRESH_SECONDS) as stack:
        publish(stack, folder / "models", "1")
        yield stack


def publish(stack: Stack, folder: Path, version: str, **changes: Any) -> None:
    """Publish a version to the stack's bucket."""
    factory.publish(folder, version, **changes)
    s3 = client("s3", stack.environment)
    factory.upload(folder, s3, stack.environment["MODEL_BUCKET"])


def call(stack: Stack, path: str, body: object = None) -> tuple[int, Any]:
    """Return status and JSON of one request; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(stack.environment["WEB_URL"] + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def eventually(ask: Callable[[], Any]) -> Any:
    """Return the first answer that is not None."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = ask()
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("no answer in time")


def fetched(stack: Stack, name: str) -> Any:
    """Wait for the answer of one id."""

    def ask() -> Any:
        status, document = call(stack, f"/predictions/{name}")
        assert status in (200, 202)
        return document if status == 200 else None

    return eventually(ask)


def test_events_come_back_from_the_stream_as_predicted(stack: Stack) -> None:
    """Given events posted, their answers come off the stream and equal the immediate ones."""
    events = [event(number, Absences=number, explain=True) for number in range(5)]
    status, accepted = call(stack, "/events", events)
    assert status == 202
    _, predicted = eventually(
        lambda: reply if (reply := call(stack, "/predict", events))[0] == 200 else None
    )
    for item, immediate in zip(accepted, predicted, strict=True):
        answer = fetched(stack, item["id"])
        for key in ("status", "prediction", "guidance", "features", "version"):
            assert answer[key] == immediate[key]


def test_what_others_put_on_the_stream_is_not_for_everybody(stack: Stack) -> None:
    """Given a record put by someone else under an id one could guess, nobody fetches its answer."""
    kinesis = client("kinesis", stack.environment)
    kinesis.put_record(
        StreamName=stack.environment["STUDENTS_STREAM_NAME"],
        Data=encoded("direct", request_id="1001"),
        PartitionKey="direct",
    )
    _, accepted = call(stack, "/events", event("later", request_id="1001"))
    assert accepted["request_id"] == "1001"
    # The later one has come back by now, so the earlier one has too.
    assert fetched(stack, accepted["id"])["prediction"]["student_id"] == "later"
    assert call(stack, "/predictions/1001")[0] == 422


def test_swap_and_rollback_reach_both_ways_in(stack: Stack, tmp_path: Path) -> None:
    """Given another champion and then the first one again, page and stream follow both times."""

    def served(version: str) -> None:
        eventually(lambda: call(stack, "/model")[1].get("version") == version or None)

        def streamed() -> bool | None:
            _, accepted = call(stack, "/events", event())
            return fetched(stack, accepted["id"])["version"] == version or None

        eventually(streamed)

    served("1")
    publish(stack, tmp_path, "2", parameters={"intercept": 3.0})
    served("2")
    publish(stack, tmp_path, "1")
    served("1")


def test_the_service_runs_behind_a_function_url(stack: Stack, tmp_path: Path) -> None:
    """Given the entry point under AWS's own runtime client, API and page answer as on a server."""
    web = with_handler(load(), "inference.web.function_url.lambda_handler")
    function = Function(web, stack.environment, tmp_path / "web.log", tmp_path / "tmp")
    try:
        ready = invoke(function, "GET", "/ready")
        assert ready["statusCode"] == 200
        answer = invoke(function, "POST", "/predict", encoded("über"))
        assert answer["statusCode"] == 200
        document = json.loads(answer["body"])
        assert document["prediction"]["student_id"] == "über"
        rejected = invoke(function, "POST", "/predict", b"{")
        assert rejected["statusCode"] == 422
        page = invoke(function, "GET", "/")
        assert page["statusCode"] == 200 and "<h1" in page["body"]
        assert invoke(function, "POST", "/events", encoded("lambda"))["statusCode"] == 404
    finally:
        function.close()


def invoke(function: Function, method: str, path: str, body: bytes = b"") -> Any:
    """Hand one HTTP request to the runtime as a function URL does (payload format 2.0)."""
    host = "abc.lambda-url.us-east-1.on.aws"
    request = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": host, "x-forwarded-proto": "https", "content-type": "application/json"},
        "requestContext": {
            "domainName": host,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    outcome = function.invoke(json.dumps(request).encode())
    assert outcome.error is None, outcome.payload
    return json.loads(outcome.payload)
