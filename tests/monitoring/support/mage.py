"""A stand-in for Mage's API with its habits: errors as HTTP 200, triggers by number and token."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
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

    def answer(self, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """Answer a call as Mage does; None drops the connection after acting."""
        if self.refuse:
            return {"error": {"code": 500, "message": self.refuse}}
        if path == "/api/pipelines/retraining/pipeline_schedules":
            trigger = {"id": 12, "name": "retraining_api", "token": "secret", "status": "active"}
            return {
                "pipeline_schedules": [{"id": 3, "name": "nightly", "status": "active"}, trigger]
            }
        if path == "/api/pipeline_schedules/12/pipeline_runs/secret" and body:
            run = {"id": 70 + len(self.runs), "status": "running", **body["pipeline_run"]}
            self.runs.append(run)
            return None if self.drop_answer else {"pipeline_run": run}
        if path.startswith("/api/pipeline_schedules/12/pipeline_runs"):
            return {"pipeline_runs": self.runs}
        for run in self.runs:
            if path == f"/api/pipeline_runs/{run['id']}":
                return {"pipeline_run": run}
        return {"error": {"code": 404, "message": "not found"}}


@contextmanager
def serve() -> Iterator[FakeMage]:
    """Run the stand-in on a free loopback port."""
    mage = FakeMage()

    class Handler(BaseHTTPRequestHandler):
        """Routes calls to the state."""

        def _reply(self, body: dict[str, Any] | None) -> None:
            answer = mage.answer(self.path, body)
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
