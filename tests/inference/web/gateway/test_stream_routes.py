"""POST /events and GET /predictions: what reaches the stream, and what comes back."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from inference.stream.publisher import Publisher
from inference.web.gateway.consumer import Consumer
from inference.web.gateway.stream_routes import Gateway, new_id
from tests.inference.support.kinesis import MemoryStream, client_error, event


def test_an_event_is_put_on_the_stream_at_once(streaming: FlaskClient, students) -> None:
    """Given a valid event, it is on the stream under the id the caller gets, not under its own."""
    response = streaming.post("/events", json=event(7, request_id="mine", explain=True))
    assert response.status_code == 202
    accepted = response.get_json()
    assert accepted == {"id": accepted["id"], "request_id": "mine", "status": "accepted"}
    assert re.fullmatch("web-[0-9a-f]{32}", accepted["id"])
    (document,) = students.documents()
    assert document == event(7, request_id=accepted["id"], explain=True)
    assert students.entries[0]["PartitionKey"] == "7"


def test_only_what_the_contract_knows_reaches_the_stream(streaming: FlaskClient, students) -> None:
    """Given further personal values, they do not get onto the stream."""
    said = event(7, Age=17, Gender=1, name="Somebody")
    said["student"]["Ethnicity"] = 2
    accepted = streaming.post("/events", json=said).get_json()
    (document,) = students.documents()
    assert document == event(7, request_id=accepted["id"])
    assert accepted["request_id"] is None


def test_a_bad_event_is_refused_and_not_put(streaming: FlaskClient, students) -> None:
    """Given an event that can have no prediction, the stream's codes say so at once."""
    response = streaming.post("/events", json=event(7, Absences=-1, request_id="r"))
    assert response.status_code == 422
    assert response.get_json() == {
        "request_id": "r",
        "student_id": 7,
        "errors": [
            {
                "code": "out_of_range",
                "field": "student.Absences",
                "message": "student.Absences must be a whole number from 0 to 365"
                " (days per school year)",
            }
        ],
        "status": "rejected",
    }
    assert not students.entries
    broken = streaming.post("/events", data=b"[1,", content_type="application/json")
    assert (broken.status_code, broken.get_json()["errors"][0]["code"]) == (422, "not_json")


def test_a_list_is_accepted_element_by_element(streaming: FlaskClient, students) -> None:
    """Given good and bad events, each has its own outcome and the good ones are on the stream."""
    response = streaming.post("/events", json=[event(1), {"student_id": 2}, event("three")])
    assert response.status_code == 202
    assert [item["status"] for item in response.get_json()] == ["accepted", "rejected", "accepted"]
    sent = students.documents()
    assert [document["student_id"] for document in sent] == [1, "three"]
    assert [document["request_id"] for document in sent] == [
        item["id"] for item in response.get_json() if item["status"] == "accepted"
    ]


def test_what_the_stream_did_not_take_is_said(make_app, waiting) -> None:
    """Given a stream that takes the first chunk only, the answer names what it took."""
    fault = client_error("ResourceNotFoundException")
    stream = MemoryStream(lambda call, _: fault if call >= 1 else set())
    consumer = Consumer(lambda _: iter([[]]), waiting)
    http = make_app(Gateway(Publisher(stream, "students", 0.5), consumer, waiting)).test_client()
    response = http.post("/events", json=[event(1, request_id=f"r{i}") for i in range(501)])
    consumer.stop()
    assert response.status_code == 503
    document = response.get_json()
    assert document["code"] == "stream_unavailable"
    assert document["ids"] == [sent["request_id"] for sent in stream.documents()[:500]]
    assert len(document["ids"]) == 500
    assert "Retry-After" in response.headers


def test_an_answer_can_be_fetched_once_it_is_there(streaming: FlaskClient, waiting) -> None:
    """Given an id, it is pending until its answer has come, and then stays fetchable."""
    name = new_id()
    pending = streaming.get(f"/predictions/{name}")
    assert pending.status_code == 202
    assert pending.get_json() == {"id": name, "status": "pending"}
    assert pending.headers["Retry-After"] == "1"
    waiting.put(name, b'{"status":"ok"}')
    for _ in range(2):
        found = streaming.get(f"/predictions/{name}")
        assert (found.status_code, found.get_json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("name", ["s-1", "1001", "web-1", "x" * 200, "web-" + "0" * 33])
def test_an_id_that_could_be_guessed_is_refused(streaming: FlaskClient, waiting, name: str) -> None:
    """Given an id a caller chose, nothing is fetched by it, whatever is on the stream."""
    waiting.put(name, b'{"status":"ok"}')
    response = streaming.get(f"/predictions/{name}")
    assert (response.status_code, response.get_json()["code"]) == (422, "bad_parameter")


def test_ids_are_never_twice_the_same() -> None:
    """Given many events, each has an id of its own."""
    assert len({new_id() for _ in range(1000)}) == 1000


def test_without_streams_there_are_no_such_addresses(http: FlaskClient) -> None:
    """Given a service without stream names, its stream addresses do not exist."""
    assert http.post("/events", json=event()).status_code == 404
    assert http.get("/predictions/x").status_code == 404
