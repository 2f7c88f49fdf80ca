"""The application behind a Lambda function URL (payload format 2.0)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

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
