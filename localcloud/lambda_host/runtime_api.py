"""AWS Lambda's Runtime API (2018-06-01) for one execution environment, over loopback HTTP.

Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. One runtime talks to one server, one
request at a time.
"""

import queue
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from localcloud.ports import LOOPBACK

_PREFIX = "/2018-06-01/runtime"
_IDLE_SECONDS = 0.5


@dataclass
class Work:
    """One event on its way through the runtime; ``done`` is set once it is answered."""

    request_id: str
    event: bytes
    deadline_ms: int
    arn: str
    done: threading.Event = field(default_factory=threading.Event)
    payload: bytes = b""
    failed: bool = False


class JsonHandler(BaseHTTPRequestHandler):
    """A server's side of one loopback connection that carries JSON."""

    protocol_version = "HTTP/1.1"
    # Header and body leave in two writes; with Nagle's algorithm the second waits 40 ms for an
    # acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
        """Say nothing: the function's own log is what counts."""

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Answer the call."""
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Handler(JsonHandler):
    """The four calls a runtime makes."""

    server: "RuntimeApi"

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(parts)

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        """Answer /invocation/next with the next event, however long that takes."""
        if self.path != f"{_PREFIX}/invocation/next":
            self.reply(404, b'{"errorType": "NotFound"}')
            return
        work = self.server.next_work()
        if work is None:
            self.close_connection = True
            return
        trace = work.request_id.replace("-", "")
        headers = {
            "Lambda-Runtime-Aws-Request-Id": work.request_id,
            "Lambda-Runtime-Deadline-Ms": str(work.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": work.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{trace[:8]}-{trace[8:]};Sampled=0",
        }
        self.reply(200, work.event, headers)

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Take a response, an error or an init error."""
        body = self._body()
        if self.path == f"{_PREFIX}/init/error":
            self.server.init_failed(body)
            self.reply(202, b'{"status": "OK"}')
            return
        request_id, _, kind = self.path.removeprefix(f"{_PREFIX}/invocation/").rpartition("/")
        if kind in ("response", "error") and self.server.finish(request_id, body, kind == "error"):
            self.reply(202, b'{"status": "OK"}')
        else:
            self.reply(400, b'{"errorType": "InvalidRequestID"}')


class RuntimeApi(ThreadingHTTPServer):
    """The server side of one execution environment."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self._queue: queue.Queue[Work] = queue.Queue()
        self._current: Work | None = None
        self._closed = False
        self.ready = threading.Event()
        self.init_error: bytes | None = None
        # The interval is how long closing may take.
        threading.Thread(
            target=self.serve_forever, args=(0.1,), name="runtime-api", daemon=True
        ).start()

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"{LOOPBACK}:{self.server_address[1]}"

    def submit(self, work: Work) -> None:
        """Hand the runtime its next event."""
        self._queue.put(work)

    def next_work(self) -> Work | None:
        """Return the next event for the runtime, or None once closed."""
        self.ready.set()
        while not self._closed:
            try:
                self._current = self._queue.get(timeout=_IDLE_SECONDS)
                return self._current
            except queue.Empty:
                continue
        return None

    def finish(self, request_id: str, payload: bytes, failed: bool) -> bool:
        """Record the runtime's answer; False when it is not to the current event."""
        work = self._current
        if work is None or work.request_id != request_id:
            return False
        self._current = None
        work.payload, work.failed = payload, failed
        work.done.set()
        return True

    def init_failed(self, payload: bytes) -> None:
        """Record why the runtime could not load the function."""
        self.init_error = payload
        self.ready.set()

    def close(self) -> None:
        """Stop serving."""
        self._closed = True
        self.shutdown()
        self.server_close()
