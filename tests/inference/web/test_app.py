"""The application, put together."""

from __future__ import annotations

from flask.testing import FlaskClient

from inference.web.app import open_gateway
from inference.web.web_settings import read_web_settings


def test_another_host_name_is_refused(http: FlaskClient) -> None:
    """Given a request for a foreign name (DNS rebinding), the loopback service refuses it."""
    assert http.get("/health", headers={"Host": "localhost:8080"}).status_code == 200
    response = http.get("/health", headers={"Host": "evil.example"})
    assert response.status_code == 400


def test_the_streams_are_open_only_when_asked_for(monkeypatch) -> None:
    """Given both stream names, there is a gateway only where someone asked for it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    environment = {"STUDENTS_STREAM_NAME": "students", "PREDICTIONS_STREAM_NAME": "predictions"}
    assert open_gateway(read_web_settings(environment)) is None
    assert open_gateway(read_web_settings(environment | {"WEB_STREAMS": "1"})) is not None
