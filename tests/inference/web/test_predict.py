"""POST /predict: the stream's answers over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.application import Application
from inference.model.predictor import Predictor
from inference.observability import Observer
from inference.stream.publisher import Publisher
from tests.inference.support import factory
from tests.inference.support.kinesis import MemoryStream, batch, encoded, event

OWN = ("prediction_id", "event_time", "predicted_at")
"""What depends on the way in and on the moment."""

JSON = "application/json"

CASES = (
    encoded(1),
    encoded("text id", explain=True, request_id="r-1"),
    encoded(2, Absences=2.0),
    b"{",
    b"\xff\xfe",
    b'"text"',
    b"[" * 100,
    encoded(3, Absences=0.5, Tutoring=2, Music="1"),
    b'{"student": {}}',
    encoded(4, Age=17, Gender=1, Name="Somebody"),
    encoded(None),
)


def common(document: dict[str, Any]) -> dict[str, Any]:
    """The part of an answer that must not depend on the way in."""
    return {key: value for key, value in document.items() if key not in OWN}


@pytest.fixture(name="streamed")
def streamed_fixture(champion) -> list[dict[str, Any]]:
    """What the stream's handler answers to CASES."""
    stream = MemoryStream()
    publisher = Publisher(stream, "predictions", 0.5)
    Application(champion, publisher, Observer()).handle(batch(*CASES), lambda: 30.0)
    return stream.documents()


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_each_answer_is_what_the_stream_says(http: FlaskClient, streamed) -> None:
    """Given any event, good or bad, HTTP and the stream answer alike; only ids and times differ."""
    for data, said in zip(CASES, streamed, strict=True):
        if data.startswith(b"["):
            continue  # over HTTP a list is a list of events
        response = http.post("/predict", data=data, content_type=JSON)
        assert common(response.get_json()) == common(said)
        assert response.status_code == (200 if said["status"] == "ok" else 422)


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_a_list_is_answered_in_order_each_element_by_itself(http: FlaskClient, streamed) -> None:
    """Given a list with good and bad events, it is answered with 200 and one answer per event."""
    readable = [
        (data, said)
        for data, said in zip(CASES, streamed, strict=True)
        if said["status"] == "ok" or said["errors"][0]["code"] not in ("not_json", "not_utf8")
    ]
    body = b"[" + b",\n ".join(data for data, _ in readable) + b"]"
    response = http.post("/predict", data=body, content_type=JSON)
    assert response.status_code == 200
    answers = response.get_json()
    assert [common(answer) for answer in answers] == [common(said) for _, said in readable]
    assert len({answer["prediction_id"] for answer in answers}) == len(answers)


def test_an_empty_list_has_no_answers(http: FlaskClient) -> None:
    """Given an empty list, the answer is an empty list."""
    response = http.post("/predict", data=b" [ ] ", content_type=JSON)
    assert (response.status_code, response.get_json()) == (200, [])


@pytest.mark.parametrize("body", [b"[1,", b"[" * 100_000, b"[1 2]", b'["\xff'])
def test_a_broken_list_is_one_rejection(http: FlaskClient, body: bytes) -> None:
    """Given a body that starts a list and is not JSON, it is rejected as a whole."""
    response = http.post("/predict", data=body, content_type=JSON)
    assert response.status_code == 422
    assert [error["code"] for error in response.get_json()["errors"]] == ["not_json"]


def test_more_events_than_the_limit_are_refused(make_app) -> None:
    """Given one event too many, nothing is answered."""
    http = make_app(max_batch=2).test_client()
    assert http.post("/predict", json=[event()] * 2).status_code == 200
    response = http.post("/predict", json=[event()] * 3)
    assert (response.status_code, response.get_json()["code"]) == (422, "batch_too_large")


def test_a_body_over_the_limit_is_refused(make_app) -> None:
    """Given a body larger than configured, it is not read."""
    http = make_app(max_body_bytes=2048).test_client()
    response = http.post("/predict", data=b" " * 2049, content_type=JSON)
    assert (response.status_code, response.content_type) == (413, "application/problem+json")


def test_an_event_larger_than_a_kinesis_record_is_rejected(http: FlaskClient) -> None:
    """Given an event the stream could not carry, the stream's code says so."""
    body = json.dumps(event(note="x" * 1_048_576)).encode()
    response = http.post("/predict", data=body, content_type=JSON)
    assert response.status_code == 422
    assert [error["code"] for error in response.get_json()["errors"]] == ["too_large"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_read(http: FlaskClient, kind: str) -> None:
    """Given what a foreign page's form can send, nothing is answered."""
    response = http.post("/predict", data=encoded(), content_type=kind)
    assert (response.status_code, response.get_json()["code"]) == (415, "unsupported_media_type")


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.one_of(st.binary(max_size=200), st.text(alphabet='[]{}",:0123 \\n"', max_size=60)))
def test_any_bytes_end_in_an_answer(http: FlaskClient, body: bytes | str) -> None:
    """Given any bytes, the answer is a prediction, a list or a typed rejection; never a failure."""
    response = http.post("/predict", data=body, content_type=JSON)
    assert response.status_code in (200, 422)
    document = response.get_json()
    assert isinstance(document, list) or document["status"] == "rejected"


def test_a_new_champion_is_served_at_once(http: FlaskClient, models) -> None:
    """Given another version published, the next answer comes from it; and back again."""

    def version() -> str:
        return str(http.post("/predict", json=event()).get_json()["version"])

    assert version() == "1"
    factory.publish(models, "2", parameters={"intercept": 3.0})
    assert (version(), http.get("/model").get_json()["version"]) == ("2", "2")
    factory.publish(models, "1")
    assert version() == "1"


def test_a_failing_model_is_no_answer(http: FlaskClient, monkeypatch) -> None:
    """Given a model that fails on valid input, the service says so and asks to come back."""
    assert http.get("/ready").status_code == 200
    monkeypatch.setattr(Predictor, "predict", lambda *_: 1 / 0)
    response = http.post("/predict", json=event())
    assert (response.status_code, response.get_json()["code"]) == (503, "prediction")
    assert response.headers["Retry-After"] == "5"
