"""Hundreds of slow connections: everybody else is answered, and the slow ones run out of time."""

from __future__ import annotations

import json
import resource
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import waitress

from contract.features import DEFAULT_MODEL_NAME
from inference.web import connections
from tests.inference.support import factory
from tests.inference.support.kinesis import encoded
from tests.inference.support.server import running

SLOW = 900
STARTS = (b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", b"POST /predict HTTP/1.1\r\n")
BODY = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n{"


@pytest.fixture(name="address")
def address_fixture(tmp_path: Path) -> Iterator[str]:
    """The service as it is started, on a published model."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    factory.publish(tmp_path / "models" / DEFAULT_MODEL_NAME, "1")
    with running(tmp_path / "web.log", MODEL_LOCATION=str(tmp_path)) as address:
        yield address
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def predict(address: str) -> Any:
    """One student's answer."""
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{address}/predict", encoded(1), headers)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.load(answer)


def test_slow_connections_keep_nobody_out(address: str) -> None:
    """GIVEN 900 connections in every stage of a request that never ends WHEN others ask THEN each
    is answered, before and while they come, and after.
    """
    place = urlsplit(address)
    with ExitStack() as held:
        for number in range(SLOW):
            slow = socket.create_connection((place.hostname, place.port), timeout=20)
            held.callback(slow.close)
            start = [*STARTS, BODY][number % 4]
            if start:
                slow.sendall(start)
            if number % 100 == 0:
                assert predict(address)["status"] == "ok"
        for _ in range(20):
            assert predict(address)["status"] == "ok"


def test_a_request_that_drips_in_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a byte now and then, so that it is never silent WHEN its time is up THEN it is closed."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.3)
    server: Any = waitress.create_server(
        lambda _, start: start("200 OK", []) and [] or [],
        host="127.0.0.1",
        port=0,
        threads=1,
        cleanup_interval=0,
        asyncore_use_poll=True,
    )
    connections.guard_connections(server)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        with socket.create_connection(("127.0.0.1", server.effective_port), timeout=30) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
            slow.settimeout(0.05)
            for _ in range(400):
                try:
                    slow.sendall(b"x")
                    if slow.recv(1) == b"":
                        return
                except TimeoutError:
                    continue
                except OSError:
                    return
            raise AssertionError("it may stay for ever")
    finally:
        server.close()
