"""Health, readiness, the model, and what happens without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from inference.model.champion import Champion
from inference.model.store import LocalStore
from inference.web.app import create_app
from inference.web.page.status import metric_table
from inference.web.service import Service
from inference.web.web_settings import WebSettings
from tests.inference.support.kinesis import event


@pytest.fixture(name="bare")
def bare_fixture(tmp_path: Path) -> FlaskClient:
    """A client of a service that no model has been published to."""
    champion = Champion(LocalStore(tmp_path / "nothing", "m"), "m", 0, 60)
    return create_app(Service(champion), WebSettings()).test_client()


def test_health_and_readiness(http: FlaskClient) -> None:
    """Given a served model, the service is up and ready."""
    assert http.get("/health").get_json() == {"status": "ok"}
    assert http.get("/ready").get_json() == {"status": "ready", "version": "1"}


def test_without_a_model_the_service_is_up_but_not_ready(bare: FlaskClient) -> None:
    """Given no model, only health is good, and every prediction asks to come back."""
    assert bare.get("/health").status_code == 200
    for response in (
        bare.get("/ready"),
        bare.get("/model"),
        bare.get("/card"),
        bare.post("/predict", json=event()),
    ):
        assert (response.status_code, response.get_json()["code"]) == (503, "model_unavailable")
    page = bare.get("/")
    assert page.status_code == 503
    assert "No model is loaded yet" in page.text


def test_the_model_is_described(make_app) -> None:
    """Given a registry, the model's description names the version and links to both cards."""
    http = make_app(tracking_uri="http://127.0.0.1:5000/").test_client()
    model = http.get("/model").get_json()
    assert (model["version"], model["run_id"], model["metrics"]) == (
        "1",
        "run-1",
        {"f1_macro": 0.66},
    )
    assert model["registry"] == "http://127.0.0.1:5000/#/models/student-performance/versions/1"
    assert "golden" not in model
    card = http.get(model["card"])
    assert card.status_code == 200
    assert "run-1" in card.text and model["registry"] in card.text


def test_a_registry_that_is_no_address_is_not_linked(make_app) -> None:
    """Given a tracking address a browser cannot open, there is no link."""
    http = make_app(tracking_uri="file:///mlruns").test_client()
    assert http.get("/model").get_json()["registry"] is None


def test_metrics_are_laid_out_by_what_they_were_measured_on() -> None:
    """Given a manifest's metrics, each is one row, and what says the same twice is said once."""
    table = metric_table({"f1": 0.6, "test_f1": 0.6, "test_clean_f1": 0.7, "seconds": 3.0})
    assert table["columns"] == ["Test, clean labels", "Test", "Value"]
    assert table["rows"] == {
        "f1": {"Test": 0.6, "Test, clean labels": 0.7},
        "seconds": {"Value": 3.0},
    }
    assert metric_table({}) == {"rows": {}, "columns": []}
