"""The application, put together."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient

from inference.web.app import app_from_environment, open_gateway
from inference.web.web_settings import read_web_settings


def test_another_host_name_is_refused(http: FlaskClient) -> None:
    """Given a request for a foreign name (DNS rebinding), the loopback service refuses it."""
    assert http.get("/health", headers={"Host": "localhost:8080"}).status_code == 200
    response = http.get("/health", headers={"Host": "evil.example"})
    assert response.status_code == 400


def test_the_streams_are_open_only_when_both_are_named(models: Path, monkeypatch) -> None:
    """Given both stream names, the application has its stream addresses; with one, it has not."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    environment = {"MODEL_LOCATION": str(models), "STUDENTS_STREAM_NAME": "students"}
    assert open_gateway(read_web_settings(environment)) is None
    environment["PREDICTIONS_STREAM_NAME"] = "predictions"
    app = app_from_environment(environment, read_web_settings(environment))
    assert "/events" in {rule.rule for rule in app.url_map.iter_rules()}
