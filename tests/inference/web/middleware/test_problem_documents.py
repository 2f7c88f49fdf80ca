"""Errors as problem documents: they say what helps and nothing of what was sent."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.inference.support.kinesis import event


def test_a_wrong_method_names_the_right_ones(http: FlaskClient) -> None:
    """Given a method the address does not know, the answer lists those it does."""
    response = http.get("/predict")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_an_unexpected_failure_shows_nothing(http: FlaskClient, monkeypatch, caplog) -> None:
    """Given a defect, neither the answer nor the log holds what was typed."""

    def fail(*_: object) -> None:
        raise ValueError("canary-4711")

    monkeypatch.setattr("inference.web.service.score", fail)
    response = http.post("/predict", json=event("canary-4711"))
    assert (response.status_code, response.get_json()["code"]) == (500, "internal")
    assert "canary" not in response.text and "canary" not in caplog.text
    assert "ValueError" in caplog.text
