"""POST /events and GET /predictions: what reaches the stream, and what comes back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from flask.testing import FlaskClient

from inference.stream.publisher import Publisher
from inference.web.gateway.consumer import OVERLAP, Consumer
from inference.web.gateway.stream_routes import Gateway
from inference.web.gateway.waiting_answers import WaitingAnswers
from tests.inference.support.kinesis import MemoryStream, client_error, event

PATIENCE_SECONDS = 60


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


class Scripted:
    """An output stream that plays back rounds and errors, then stays silent."""

    def __init__(self, *script: list[dict[str, Any]] | Exception) -> None:
        self._script = list(script)
        self.opened: list[datetime] = []
        self.played = threading.Event()

    def __call__(self, since: datetime) -> Iterator[list[dict[str, Any]]]:
        self.opened.append(since)
        while self._script:
            step = self._script.pop(0)
            if isinstance(step, Exception):
                raise step
            yield step
        self.played.set()
        while True:
            time.sleep(0.005)
            yield []


def record(data: bytes, at: datetime) -> dict[str, Any]:
    """One record as GetRecords gives it."""
    return {"Data": data, "ApproximateArrivalTimestamp": at}


@pytest.fixture(name="quick")
def quick_fixture(monkeypatch) -> None:
    """No pause before a stream is opened again."""
    monkeypatch.setattr("inference.web.gateway.consumer.RESTART_SECONDS", 0.0)


@pytest.mark.usefixtures("quick")
def test_the_consumer_survives_errors_and_strange_records(waiting: WaitingAnswers) -> None:
    """Given records that are no answers and an error, later answers arrive, from where it ended."""
    now = datetime.now(timezone.utc)
    later = now + timedelta(minutes=5)
    strange = (b"\xff", b"[]", b'{"request_id": 5}', b'{"status":"ok"}')
    stream = Scripted(
        [record(data, now) for data in strange],
        [record(b'{"request_id": "a", "n": 1}', later)],
        EndpointConnectionError(endpoint_url="http://127.0.0.1"),
        [record(b'{"request_id": "b"}', later)],
    )
    consumer = Consumer(stream, waiting)
    consumer.start()
    consumer.start()
    assert stream.played.wait(PATIENCE_SECONDS)
    consumer.stop()
    assert json.loads(waiting.get("a") or b"{}") == {"request_id": "a", "n": 1}
    assert waiting.get("b") is not None
    assert not consumer.failing
    assert len(stream.opened) == 2
    assert stream.opened[0] < now and stream.opened[1] == later - OVERLAP


@pytest.mark.usefixtures("quick")
def test_an_unreadable_output_stream_is_said(make_app, students, waiting) -> None:
    """Given an output stream that cannot be read, fetching says so instead of waiting for ever."""

    def fail(_: datetime) -> Iterator[list[dict[str, Any]]]:
        raise client_error("ResourceNotFoundException")

    consumer = Consumer(fail, waiting)
    http = make_app(Gateway(Publisher(students, "students", 0.5), consumer, waiting)).test_client()
    http.get("/predictions/x")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not consumer.failing and time.monotonic() < deadline:
        time.sleep(0.005)
    response = http.get("/predictions/x")
    consumer.stop()
    assert (response.status_code, response.get_json()["code"]) == (503, "stream_unavailable")


def test_the_waiting_answers_are_bounded_in_number_bytes_and_age() -> None:
    """Given more than it holds, the oldest answers leave; the same id takes its own place."""
    now = [0.0]
    box = WaitingAnswers(max_answers=3, max_bytes=10, keep_seconds=60, clock=lambda: now[0])
    for name in "abcd":
        box.put(name, b"1")
    assert [box.get(name) for name in "abcd"] == [None, b"1", b"1", b"1"]
    box.put("b", b"22")
    box.put("e", b"3")
    assert [box.get(name) for name in "cbde"] == [None, b"22", b"1", b"3"]
    box.put("f", b"4" * 9)
    assert [box.get(name) for name in "bdef"] == [None, None, b"3", b"4" * 9]
    now[0] = 61
    assert box.get("f") is None
