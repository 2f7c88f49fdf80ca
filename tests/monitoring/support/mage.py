"""A stand-in for Mage's API with its habits: errors as HTTP 200, triggers by number and token.

``integration-tests/test_doors.py`` asks Mage itself the same.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeMage:
    """State of the stand-in: runs started, how they stand, what to refuse."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.refuse: str | None = None
        self.drop_answer = False
        self.url = ""
        self.password: str | None = None
        self.sessions: list[str] = []
        self.asked: list[str] = []

    def answer(
        self, path: str, body: dict[str, Any] | None, headers: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """Answer a call as Mage does; None drops the connection after acting."""
        self.asked.append(path)
        if self.refuse:
            return {"error": {"code": 500, "message": self.refuse}}
        if path == "/api/pipeline_schedules/12/api_trigger" and body:
            return self._pull(body, headers.get("Authorization", ""))
        if self.password is not None and path == "/api/sessions" and body:
            return self._sign_in(body["session"])
        session = headers.get("Cookie", "").removeprefix("oauth_token=")
        if self.password is not None and session not in self.sessions:
            return {"error": {"code": 401, "message": "Invalid OAuth token."}}
        return self._show(path)

    def _show(self, path: str) -> dict[str, Any]:
        if path == "/api/pipelines/retraining/pipeline_schedules":
            trigger = {"id": 12, "name": "retraining_api", "token": "secret", "status": "active"}
            return {
                "pipeline_schedules": [{"id": 3, "name": "nightly", "status": "active"}, trigger]
            }
        if path.startswith("/api/pipeline_schedules/12/pipeline_runs"):
            return {"pipeline_runs": self.runs}
        for run in self.runs:
            if path == f"/api/pipeline_runs/{run['id']}":
                return {"pipeline_run": run}
        return {"error": {"code": 404, "message": "not found"}}

    def _pull(self, body: dict[str, Any], authorization: str) -> dict[str, Any] | None:
        if authorization != f"Bearer {self.password or 'secret'}":
            return {"error": {"code": 500, "message": "Invalid token"}}
        run = {"id": 70 + len(self.runs), "status": "running", **body["pipeline_run"]}
        self.runs.append(run)
        return None if self.drop_answer else {"pipeline_run": run}

    def _sign_in(self, session: dict[str, str]) -> dict[str, Any]:
        if session["password"] != self.password:
            return {"error": {"code": 404, "message": "password invalid"}}
        self.sessions.append(f"session-{len(self.asked)}")
        return {"session": {"token": self.sessions[-1]}}


@contextmanager
def serve() -> Iterator[FakeMage]:
    """Run the stand-in on a free loopback port."""
    mage = FakeMage()

    class Handler(BaseHTTPRequestHandler):
        """Routes calls to the state."""

        def _reply(self, body: dict[str, Any] | None) -> None:
            answer = mage.answer(self.path, body, self.headers)
            if answer is None:
                self.close_connection = True  # pylint: disable=attribute-defined-outside-init
                return
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:  # pylint: disable=invalid-name
            """Answer a question."""
            self._reply(None)

        def do_POST(self) -> None:  # pylint: disable=invalid-name
            """Take an order."""
            length = int(self.headers["Content-Length"])
            self._reply(json.loads(self.rfile.read(length)))

        def log_message(self, *_: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    mage.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield mage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
