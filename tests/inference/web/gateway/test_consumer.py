"""The consumer of the output stream, on streams that break."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from inference.stream.publisher import Publisher
from inference.web.gateway.consumer import OVERLAP, Consumer
from inference.web.gateway.stream_routes import Gateway, new_id
from inference.web.gateway.waiting_answers import WaitingAnswers
from tests.inference.support.kinesis import client_error

PATIENCE_SECONDS = 60


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
    strange += (b'{"request_id": "another-producers"}',)
    stream = Scripted(
        [record(data, now) for data in strange],
        [record(b'{"request_id": "web-a", "n": 1}', later)],
        EndpointConnectionError(endpoint_url="http://127.0.0.1"),
        [record(b'{"request_id": "web-b"}', later)],
    )
    consumer = Consumer(stream, waiting)
    consumer.start()
    consumer.start()
    assert stream.played.wait(PATIENCE_SECONDS)
    consumer.stop()
    assert json.loads(waiting.get("web-a") or b"{}") == {"request_id": "web-a", "n": 1}
    assert waiting.get("web-b") is not None
    assert waiting.get("another-producers") is None
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
    address = f"/predictions/{new_id()}"
    http.get(address)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not consumer.failing and time.monotonic() < deadline:
        time.sleep(0.005)
    response = http.get(address)
    consumer.stop()
    assert (response.status_code, response.get_json()["code"]) == (503, "stream_unavailable")
