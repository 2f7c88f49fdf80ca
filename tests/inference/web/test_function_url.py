"""The application behind a Lambda function URL (payload format 2.0)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from contract.environment import SettingsError
from inference.web import function_url
from tests.inference.support.kinesis import encoded

HOST = "abc123.lambda-url.eu-central-1.on.aws"


def request(method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    """One request as Lambda hands it over; the body in base64, as it does for most types."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": HOST, "x-forwarded-proto": "https", "x-forwarded-port": "443"}
        | {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {
            "domainName": HOST,
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


@pytest.fixture(name="handler")
def handler_fixture(models: Path):
    """The function, on the published model."""
    return function_url.handler_from({"MODEL_LOCATION": str(models), "LOG_LEVEL": "INFO"})


def content(response: dict[str, Any]) -> bytes:
    """The response's body."""
    text: str = response["body"]
    return base64.b64decode(text) if response.get("isBase64Encoded") else text.encode()


def test_a_prediction_and_the_page_come_back(handler) -> None:
    """Given requests for API and page, the status, the type and the secure headers are right."""
    answer = handler(request("POST", "/predict", encoded(1), content_type="application/json"), None)
    assert answer["statusCode"] == 200
    assert json.loads(content(answer))["prediction"]["student_id"] == 1
    assert answer["headers"]["strict-transport-security"]
    page = handler(request("GET", "/"), None)
    assert page["statusCode"] == 200
    assert b"<h1" in content(page)


def test_rejections_and_limits_are_the_same(handler) -> None:
    """Given a bad event and a body over the function URL's size, the answers are the usual ones."""
    bad = handler(request("POST", "/predict", b"{", content_type="application/json"), None)
    assert bad["statusCode"] == 422
    large = b" " * (4 * 1024 * 1024 + 1)
    refused = handler(request("POST", "/predict", large, content_type="application/json"), None)
    assert refused["statusCode"] == 413


def test_a_frozen_process_has_no_stream_addresses(models: Path) -> None:
    """Given stream names and the wish for them, the function has no such addresses all the same."""
    names = {"STUDENTS_STREAM_NAME": "s", "PREDICTIONS_STREAM_NAME": "p", "WEB_STREAMS": "1"}
    handler = function_url.handler_from({"MODEL_LOCATION": str(models)} | names)
    for method, path in (("POST", "/events"), ("GET", "/predictions/web-" + "0" * 32)):
        event = request(method, path, encoded(1), content_type="application/json")
        assert handler(event, None)["statusCode"] == 404
    assert b"/events" not in content(handler(request("GET", "/openapi.json"), None))


def test_the_key_is_a_secrets(models: Path, monkeypatch) -> None:
    """Given a secret's name, its value is the key; an empty or short one is no key at all."""
    held = {"SecretString": "key-of-the-school-x" + "y\n"}
    asked: list[str] = []

    class Secrets:
        """Secrets Manager with one secret."""

        def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
            """Give the value."""
            asked.append(SecretId)
            return held

    monkeypatch.setattr(function_url, "client", lambda *_, **__: Secrets())
    environment = {"MODEL_LOCATION": str(models), "WEB_API_KEY_SECRET": "arn:web"}
    handler = function_url.handler_from(environment)
    assert asked == ["arn:web"]
    assert handler(request("GET", "/"), None)["statusCode"] == 401
    known = handler(request("GET", "/", x_api_key="key-of-the-school-xy"), None)
    assert known["statusCode"] == 200
    for value in ("", " \n", "short"):
        held["SecretString"] = value
        with pytest.raises(SettingsError):
            function_url.handler_from(environment)


def test_the_entry_reads_the_environment_once(models: Path, monkeypatch) -> None:
    """Given Lambda's entry point, the application is built once and kept."""
    monkeypatch.setenv("MODEL_LOCATION", str(models))
    monkeypatch.delenv("STUDENTS_STREAM_NAME", raising=False)
    function_url._handler.cache_clear()  # pylint: disable=protected-access
    try:
        for _ in range(2):
            assert function_url.lambda_handler(request("GET", "/health"), None)["statusCode"] == 200
        assert function_url._handler.cache_info().misses == 1  # pylint: disable=protected-access
    finally:
        function_url._handler.cache_clear()  # pylint: disable=protected-access
