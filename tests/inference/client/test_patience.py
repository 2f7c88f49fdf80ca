"""A slow, absent or confused endpoint, on a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from inference import aws
from inference.client.patience import EndpointSilent, PatientClient


class Endpoint(BaseHTTPRequestHandler):
    """A Kinesis that plays its script, one fault per request, then works."""

    script: list[Callable[["Endpoint"], None]] = []
    asked = 0
    over = threading.Event()

    def log_message(self, *_: Any) -> None:  # pylint: disable=arguments-differ
        """Say nothing."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Play the next fault, or answer."""
        type(self).asked += 1
        (self.script.pop(0) if self.script else well)(self)

    def reply(self, status: int, body: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def well(endpoint: Endpoint) -> None:
    """Answer."""
    endpoint.reply(200, b'{"StreamNames": ["s"], "HasMoreStreams": false}')


def hang(endpoint: Endpoint) -> None:
    """Say nothing at all."""
    endpoint.over.wait(30)


def drip(endpoint: Endpoint) -> None:
    """Send a byte now and then: no single read times out."""
    endpoint.send_response(200)
    endpoint.send_header("Content-Length", "100000")
    endpoint.end_headers()
    while not endpoint.over.wait(0.02):
        endpoint.wfile.write(b" ")


def stall(endpoint: Endpoint) -> None:
    """Stop within the body."""
    endpoint.send_response(200)
    endpoint.send_header("Content-Length", "100")
    endpoint.end_headers()
    endpoint.wfile.write(b"{")
    endpoint.over.wait(30)


def close(endpoint: Endpoint) -> None:
    """Close without an answer."""
    endpoint.connection.shutdown(socket.SHUT_RDWR)


def broken(endpoint: Endpoint) -> None:
    """Fail as AWS does."""
    endpoint.reply(500, b'{"__type": "InternalFailure"}')


def nonsense(endpoint: Endpoint) -> None:
    """Answer as some proxy does."""
    endpoint.reply(502, b"<html>moment, please")


def throttle(endpoint: Endpoint) -> None:
    """Ask for fewer calls."""
    endpoint.reply(400, b'{"__type": "LimitExceededException"}')


def deny(endpoint: Endpoint) -> None:
    """Refuse in order."""
    endpoint.reply(400, b'{"__type": "AccessDeniedException"}')


@pytest.fixture(name="address")
def address_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The endpoint's address, in the environment too."""
    Endpoint.asked = 0
    Endpoint.script = []
    Endpoint.over.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield address
        Endpoint.over.set()
        server.shutdown()


def patient(seconds: float) -> PatientClient:
    """Return a client of a short breath that bears so long."""
    return PatientClient(aws.client("kinesis", read_seconds=0.2), seconds, lambda _: None)


@pytest.mark.parametrize("fault", [hang, stall, close, broken, nonsense, throttle])
def test_what_passes_is_borne_with(
    address: str, capsys: pytest.CaptureFixture[str], fault: Callable[[Endpoint], None]
) -> None:
    """GIVEN faults, then an answer WHEN it is asked THEN the answer, and one word of waiting."""
    Endpoint.script = [fault, fault]
    assert patient(60).list_streams()["StreamNames"] == ["s"]
    assert Endpoint.asked == 3
    assert capsys.readouterr().err == f"waiting for {address}\n"


@pytest.mark.parametrize("fault", [hang, drip, broken])
def test_patience_ends(address: str, fault: Callable[[Endpoint], None]) -> None:
    """GIVEN an endpoint that does not recover WHEN patience ends THEN one error names it."""
    Endpoint.script = [fault] * 100_000
    with pytest.raises(EndpointSilent, match=f"^{address} gave no answer for 0.5 seconds .*make"):
        patient(0.5).list_streams()


def test_nothing_listens_there(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A stack that is gone is named as well."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", gone)
        with pytest.raises(EndpointSilent, match=f"^{gone} gave no answer"):
            patient(0.1).list_streams()
    assert gone != address


def test_a_refusal_is_no_reason_to_wait(address: str) -> None:
    """What the endpoint says in order is raised at once."""
    Endpoint.script = [deny]
    with pytest.raises(ClientError, match="AccessDeniedException"):
        patient(60).list_streams()
    assert Endpoint.asked == 1 and patient(1).endpoint == address


def test_pauses_grow_up_to_a_bound(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an endpoint that is down for long WHEN it is asked again and again
    THEN the pauses grow, and stay within five seconds."""
    clock = [0.0]
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr("random.uniform", lambda _, high: high)
    Endpoint.script = [broken] * 100
    with pytest.raises(EndpointSilent):
        PatientClient(aws.client("kinesis"), 60, sleep).list_streams()
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8] and max(pauses) == 5.0
    assert Endpoint.asked == len(pauses) + 1 and address
