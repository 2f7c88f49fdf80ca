"""The AWS clients keep the time limits the service counts on."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ProxyConnectionError

from inference import aws


@pytest.mark.parametrize(("service", "attempts"), [("kinesis", 1), ("s3", 2)])
def test_a_client_is_bounded_in_time(
    monkeypatch: pytest.MonkeyPatch, service: str, attempts: int
) -> None:
    """Given any client, one attempt ends in time and only so many are made."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = aws.client(service, attempts).meta.config
    assert config.connect_timeout + config.read_timeout == aws.ATTEMPT_SECONDS
    assert config.retries["total_max_attempts"] == attempts


class _Kinesis(BaseHTTPRequestHandler):
    """Has no streams."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Say so."""
        body = b'{"StreamNames": [], "HasMoreStreams": false}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:  # pylint: disable=arguments-differ
        """Say nothing."""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_never_sees_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """GIVEN a proxy in the environment and no exception from it WHEN the endpoint is on this
    machine THEN it is asked directly, and an address elsewhere still goes by the proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Kinesis) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{server.server_port}")
        assert aws.client("kinesis").list_streams()["StreamNames"] == []
        server.shutdown()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.example")
    with pytest.raises(ProxyConnectionError):
        aws.client("kinesis").list_streams()
