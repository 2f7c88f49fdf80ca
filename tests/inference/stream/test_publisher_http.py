"""Publishing through the real botocore client to a server that misbehaves on the wire."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from inference import aws
from inference.stream.item import Answer
from inference.stream.publisher import Outcome, Publisher

Fault = Callable[["Wire"], None]


class Wire(BaseHTTPRequestHandler):
    """One connection to a Kinesis that plays its script, one fault per request, then works."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()
    script: list[Fault] = []
    accepted: list[str] = []
    records: list[str] = []

    def log_message(self, *_: Any) -> None:  # pylint: disable=arguments-differ
        """Say nothing."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Play the next fault, or accept everything."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.records = [entry["Data"] for entry in json.loads(body)["Records"]]
        fault = self.script.pop(0) if self.script else partly
        fault(self)

    def reply(self, status: int, document: dict[str, Any]) -> None:
        """Send a JSON answer."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def partly(wire: Wire, every: int = 0) -> None:
    """Accept all records but each ``every``-th."""
    answers: list[dict[str, str]] = []
    for index, data in enumerate(wire.records):
        if every and index % every == 0:
            answers.append({"ErrorCode": "ProvisionedThroughputExceededException"})
        else:
            wire.accepted.append(data)
            answers.append({"SequenceNumber": "1", "ShardId": "s"})
    failed = sum("ErrorCode" in answer for answer in answers)
    wire.reply(200, {"FailedRecordCount": failed, "Records": answers})


def error(status: int, code: str) -> Fault:
    """Return a fault that answers with an AWS error."""
    return lambda wire: wire.reply(status, {"__type": code, "message": "no"})


def reset(wire: Wire) -> None:
    """Close the connection by RST, before any answer."""
    wire.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.connection.close()


def accept_then_reset(wire: Wire) -> None:
    """Store everything, then lose the answer."""
    wire.accepted.extend(wire.records)
    reset(wire)


def stall(wire: Wire) -> None:
    """Never answer; the connection is kept until the test is over."""
    wire.over.wait(60)
    wire.close_connection = True


def drip(wire: Wire) -> None:
    """Send an answer a byte at a time, each well within the read timeout, for a minute."""
    wire.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    for _ in range(600):
        if wire.over.wait(0.1):
            break
        wire.wfile.write(b" ")
        wire.wfile.flush()
    wire.close_connection = True


def strange(text: bytes) -> Fault:
    """Return a fault that answers with status 200 and a strange body."""

    def answer(wire: Wire) -> None:
        wire.send_response(200)
        wire.send_header("Content-Type", "application/x-amz-json-1.1")
        wire.send_header("Content-Length", str(len(text)))
        wire.end_headers()
        wire.wfile.write(text)

    return answer


def garbage(wire: Wire) -> None:
    """Answer what is no HTTP."""
    wire.wfile.write(b"\x00\x01 no http\r\n\r\n")
    wire.close_connection = True


@pytest.fixture(name="publisher")
def publisher_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A publisher on a real client with short time limits, and the scripted server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Wire)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    # Long enough for an honest answer of a busy machine, which would be sent again and count twice.
    monkeypatch.setattr(aws, "READ_SECONDS", 2.0)
    Wire.script, Wire.accepted, Wire.over = [], [], threading.Event()
    yield Publisher(aws.client("kinesis"), "predictions", 2.5, base_seconds=0.001)
    Wire.over.set()
    server.shutdown()
    server.server_close()


def publish(publisher: Publisher, seconds: float = 120.0) -> Outcome:
    """Publish 700 answers (two chunks) within ``seconds``."""
    answers = [Answer("key", str(number).encode(), "ok") for number in range(700)]
    end = time.monotonic() + seconds
    return publisher.publish(answers, lambda: end - time.monotonic())


@pytest.mark.parametrize(
    "fault",
    [
        lambda wire: partly(wire, 3),
        lambda wire: partly(wire, 1),
        error(400, "ProvisionedThroughputExceededException"),
        error(400, "ThrottlingException"),
        error(500, "InternalFailure"),
        error(503, "ServiceUnavailable"),
        reset,
        stall,
        garbage,
        drip,
        *map(strange, (b"", b"no json", b"[]", b"null", b"{}", b'{"Records": [{}]}')),
    ],
    ids=["third", "all", "throughput", "throttling", "500", "503", "reset", "stall", "garbage"]
    + ["drip", "empty", "text", "list", "null", "object", "short"],
)
def test_every_fault_is_overcome_once_each(publisher: Publisher, fault: Fault) -> None:
    """After two faults in a row everything is on the stream, exactly once."""
    Wire.script = [fault, fault]
    outcome = publish(publisher)
    assert outcome.published == 700 and sum(outcome.errors.values()) >= 2
    assert len(Wire.accepted) == len(set(Wire.accepted)) == 700


def test_a_lost_answer_means_a_repeat_never_a_loss(publisher: Publisher) -> None:
    """What was stored although the answer was lost is sent again: consumers drop it by id."""
    Wire.script = [accept_then_reset]
    assert publish(publisher).published == 700
    assert len(set(Wire.accepted)) == 700 and len(Wire.accepted) == 1200


def test_slow_answers_end_with_the_remaining_time(publisher: Publisher) -> None:
    """A stream that only stalls uses up the time it is given and no more attempts than fit."""
    Wire.script = [stall] * 50
    outcome = publish(publisher, seconds=7.0)
    assert outcome.published == 0
    assert set(outcome.errors) <= {"ReadTimeoutError", "OutOfTime"}
    assert sum(outcome.errors.values()) <= 3


def test_a_dripping_server_ends_with_the_attempt(publisher: Publisher) -> None:
    """The attempt's deadline counts, not the client's read timeout, which starts at every byte."""
    Wire.script = [drip] * 50
    outcome = publish(publisher, seconds=6.0)
    assert (outcome.published, set(outcome.errors)) == (0, {"OutOfTime"})
    assert outcome.errors["OutOfTime"] <= 3


def test_access_denied_ends_at_once(publisher: Publisher) -> None:
    """One attempt, and the code to tell."""
    Wire.script = [error(400, "AccessDeniedException")] * 5
    outcome = publish(publisher)
    assert outcome == Outcome(0, 0, outcome.errors)
    assert outcome.errors == {"AccessDeniedException": 1}
