"""MLflow's door as WSGI."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.tracking_server import door


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, "200 OK"),
        ({"HTTP_ORIGIN": "http://127.0.0.1:5000"}, "200 OK"),
        ({"HTTP_ORIGIN": "http://evil.example"}, "403 Forbidden"),
        ({"HTTP_HOST": "evil.example"}, "403 Forbidden"),
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, "403 Forbidden"),
    ],
)
def test_gunicorns_worker_gets_the_closed_application(headers: Any, status: str) -> None:
    """The hook leaves a worker with an application that refuses foreign requests."""
    said: list[str] = []

    def application(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"runs"]

    worker = SimpleNamespace(wsgi=application)
    door.post_worker_init(worker)
    environ = {"REQUEST_METHOD": "GET", "HTTP_HOST": "127.0.0.1:5000"} | headers
    body = worker.wsgi(environ, lambda status, _: said.append(status))
    assert said == [status]
    assert (body == [b"runs"]) == (status == "200 OK")
