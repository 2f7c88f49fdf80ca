"""POST /events and GET /predictions: what reaches the stream, and what comes back."""

from __future__ import annotations

from flask.testing import FlaskClient

from inference.stream.publisher import Publisher
from inference.web.gateway.consumer import Consumer
from inference.web.gateway.stream_routes import Gateway
from tests.inference.support.kinesis import MemoryStream, client_error, event


def test_an_event_is_put_on_the_stream_at_once(streaming: FlaskClient, students) -> None:
    """Given a valid event, it is on the stream with the request id the caller gets."""
    response = streaming.post("/events", json=event(7, request_id="mine", explain=True))
    assert response.status_code == 202
    assert response.get_json() == {"request_id": "mine", "status": "accepted"}
    (document,) = students.documents()
    assert document == event(7, request_id="mine", explain=True)
    assert students.entries[0]["PartitionKey"] == "7"


def test_only_what_the_contract_knows_reaches_the_stream(streaming: FlaskClient, students) -> None:
    """Given further personal values, they do not get onto the stream."""
    said = event(7, Age=17, Gender=1, name="Somebody")
    said["student"]["Ethnicity"] = 2
    request_id = streaming.post("/events", json=said).get_json()["request_id"]
    (document,) = students.documents()
    assert document == event(7, request_id=request_id)


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
        item["request_id"] for item in response.get_json() if item["status"] == "accepted"
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
    assert document["request_ids"] == [f"r{i}" for i in range(500)]
    assert "Retry-After" in response.headers


def test_an_answer_can_be_fetched_once_it_is_there(streaming: FlaskClient, waiting) -> None:
    """Given a request id, it is pending until its answer has come, and then stays fetchable."""
    pending = streaming.get("/predictions//some/id%3F%0A")
    assert pending.status_code == 202
    assert pending.get_json() == {"request_id": "/some/id?\n", "status": "pending"}
    assert pending.headers["Retry-After"] == "1"
    waiting.put("/some/id?\n", b'{"status":"ok"}')
    for _ in range(2):
        found = streaming.get("/predictions//some/id%3F%0A")
        assert (found.status_code, found.get_json()) == (200, {"status": "ok"})


def test_an_endless_request_id_is_refused(streaming: FlaskClient) -> None:
    """Given an id longer than any accepted one, it is not looked for."""
    response = streaming.get("/predictions/" + "x" * 129)
    assert (response.status_code, response.get_json()["code"]) == (422, "bad_parameter")


def test_without_streams_there_are_no_such_addresses(http: FlaskClient) -> None:
    """Given a service without stream names, its stream addresses do not exist."""
    assert http.post("/events", json=event()).status_code == 404
    assert http.get("/predictions/x").status_code == 404
