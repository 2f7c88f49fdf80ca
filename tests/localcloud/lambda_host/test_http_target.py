"""A function behind a runtime interface emulator: its answers, its errors, its absence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from localcloud.errors import TargetUnavailable
from localcloud.lambda_host.http_target import HttpTarget
from localcloud.ports import free_port

PATH = "/2015-03-31/functions/function/invocations"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:inference"


class Emulator(BaseHTTPRequestHandler):
    """Answers as the event says: `STATUS HEADER BODY`; `-` is no header, `hang up` no answer at
    all.
    """

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Answer one invocation."""
        event = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if event == "hang up" or self.path != PATH:
            self.close_connection = True
            return
        status, header, body = event.split(" ", 2)
        self.send_response(int(status))
        if header != "-":
            self.send_header("X-Amz-Function-Error", header)
        if status == "200":
            self.send_header("x-amzn-RequestId", "its-own")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin
        """Say nothing."""


@pytest.fixture(name="target")
def target_fixture() -> Iterator[HttpTarget]:
    """A target whose emulator runs."""
    server = HTTPServer(("127.0.0.1", 0), Emulator)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield HttpTarget(f"http://127.0.0.1:{server.server_port}{PATH}", ARN, 5)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ('200 - {"batchItemFailures": []}', None),
        ("200 - null", None),
        ("200 - not json", None),
        ('200 - {"errorMessage": "boom", "errorType": "ValueError"}', "Unhandled"),
        ("200 Handled {}", "Handled"),
        ("500 - {}", "Unhandled"),
    ],
)
def test_answers_are_told_from_errors(target: HttpTarget, event: str, error: str | None) -> None:
    """GIVEN each kind of answer WHEN invoked THEN errors are told by header, document or status."""
    invocation = target.invoke(event.encode())
    assert invocation.error == error
    assert invocation.payload.decode() == event.split(" ", 2)[2]
    assert invocation.request_id == ("its-own" if event.startswith("200") else "")


def test_a_broken_connection_is_a_failed_invocation(target: HttpTarget) -> None:
    """GIVEN an emulator that dies at work WHEN invoked THEN that counts as an invocation that
    failed.
    """
    assert target.invoke(b"hang up").error == "Unhandled"


def test_nobody_there_is_no_invocation() -> None:
    """GIVEN nothing that listens, or no address WHEN invoked THEN the function was not invoked."""
    with pytest.raises(TargetUnavailable):
        HttpTarget(f"http://127.0.0.1:{free_port()}{PATH}", ARN, 1).invoke(b"{}")
    with pytest.raises(TargetUnavailable, match="http://HOST:PORT/PATH"):
        HttpTarget("ftp://somewhere", ARN, 1)
