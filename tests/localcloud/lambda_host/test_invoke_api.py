"""Lambda's Invoke call, as an SDK and as anybody else makes it."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from inference.aws import client
from localcloud.errors import TargetUnavailable
from localcloud.lambda_host.instance import Invocation
from localcloud.lambda_host.invoke_api import InvokeApi
from localcloud.lambda_host.shard import MAXIMUM_PAYLOAD_BYTES
from localcloud.ports import LOOPBACK, free_port

ARN = "arn:aws:lambda:us-east-1:000000000000:function:inference"


class Target:
    """Answers with what it was given, or as it says."""

    arn = ARN

    def invoke(self, event: bytes) -> Invocation:
        """Fail on orders."""
        if event == b'"away"':
            raise TargetUnavailable("told to be away")
        return Invocation(event, "Handled" if event == b'"fail"' else None, "the-id")

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture(name="port")
def port_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a served function; SDKs find it by their own variable."""
    port = free_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://{LOOPBACK}:{port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("inference.aws._session", _new_session)
    api = InvokeApi(port, Target())
    yield port
    api.close()


def _new_session() -> object:
    from botocore.session import get_session  # pylint: disable=import-outside-toplevel

    return get_session()


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize("name", ["inference", ARN])
def test_an_sdk_invokes_by_name_and_by_arn(name: str) -> None:
    """The answer comes back, with its request id and version."""
    answer = client("lambda").invoke(FunctionName=name, Payload=b'{"Records": []}')
    assert answer["Payload"].read() == b'{"Records": []}'
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    assert answer["ResponseMetadata"]["RequestId"] == "the-id"
    assert "FunctionError" not in answer


@pytest.mark.usefixtures("port")
def test_an_error_of_the_function_is_no_error_of_the_call() -> None:
    """As on AWS: status 200 and a header."""
    answer = client("lambda").invoke(FunctionName="inference", Payload=b'"fail"')
    assert answer["FunctionError"] == "Unhandled" and answer["Payload"].read() == b'"fail"'


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"FunctionName": "other"}, "ResourceNotFoundException"),
        ({"InvocationType": "Event"}, "InvalidParameterValueException"),
        ({"Payload": b'"' + b"x" * MAXIMUM_PAYLOAD_BYTES + b'"'}, "RequestTooLargeException"),
        ({"Payload": b'"away"'}, "ServiceException"),
    ],
)
def test_what_cannot_be_done_is_refused(request_: dict[str, object], code: str) -> None:
    """AWS's own codes."""
    with pytest.raises(ClientError) as refused:
        client("lambda").invoke(**{"FunctionName": "inference", "Payload": b"{}", **request_})
    assert refused.value.response["Error"]["Code"] == code


def test_a_page_of_a_browser_invokes_nothing(port: int) -> None:
    """Without a signature's header, which no page can send unasked."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request("POST", "/2015-03-31/functions/inference/invocations", b"{}")
    assert connection.getresponse().status == 403
    connection.close()
