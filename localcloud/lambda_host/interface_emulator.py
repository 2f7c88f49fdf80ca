"""A stand-in for AWS's runtime interface emulator: one function of an image, invoked by HTTP.

``python -m localcloud.lambda_host.interface_emulator HANDLER`` starts `awslambdaric` on
HANDLER and answers POST /2015-03-31/functions/function/invocations, one at a time, function errors
with 200 too. RIE_BIND (default 0.0.0.0, as AWS's) and RIE_PORT (8080) say where;
AWS_LAMBDA_FUNCTION_TIMEOUT (60) seconds end an invocation, and with it the process.

Source: docs.aws.amazon.com/lambda/latest/dg/images-test.html. Needs the standard library and
`awslambdaric` only, and nothing of this project but the Runtime API.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from localcloud.lambda_host.runtime_api import RuntimeApi, Work

PATH = "/2015-03-31/functions/function/invocations"
_ARN = "arn:aws:lambda:us-east-1:012345678912:function:function"
_INIT_SECONDS = 10.0
_POLL_SECONDS = 0.1
_FAREWELL_SECONDS = 1.0
"""How long the last answer, which says what became of the function, may take to leave."""


class Runtime:
    """The function's process and its Runtime API; it writes to this process's own output."""

    def __init__(self, handler: str, timeout_seconds: float) -> None:
        self._api = RuntimeApi()
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        variables = {
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
            **os.environ,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "_HANDLER": handler,
        }
        # Lives as long as this process does: close() ends it.
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, "-m", "awslambdaric", handler], env=variables
        )

    @property
    def alive(self) -> bool:
        """Whether the function's process still runs."""
        return self._process.poll() is None

    def _wait(self, event: threading.Event, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not event.wait(_POLL_SECONDS):
            if not self.alive or time.monotonic() > deadline:
                return event.is_set()
        return True

    def invoke(self, event: bytes) -> bytes:
        """Return the function's answer to ``event``, or the error document that tells why not.

        After a crash, an init error or a timeout ``alive`` is False.
        """
        with self._lock:
            request_id = str(uuid.uuid4())
            if self._wait(self._api.ready, max(_INIT_SECONDS, self._timeout)):
                if self._api.init_error is not None:
                    self._process.kill()
                    return self._api.init_error
                deadline_ms = int((time.time() + self._timeout) * 1000)
                work = Work(request_id, event, deadline_ms, _ARN)
                self._api.submit(work)
                if self._wait(work.done, self._timeout):
                    return work.payload
            crashed = not self.alive
            self._process.kill()
            kind = "Runtime.ExitError" if crashed else "Sandbox.Timedout"
            what = "Runtime exited" if crashed else f"Task timed out after {self._timeout:.2f} s"
            message = f"RequestId: {request_id} Error: {what}"
            return json.dumps({"errorType": kind, "errorMessage": message}).encode()

    def close(self) -> None:
        """End the function's process."""
        self._process.kill()
        self._process.wait()
        self._api.close()


class Emulator(ThreadingHTTPServer):
    """The HTTP side; stops serving once the function's process is gone."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], runtime: Runtime) -> None:
        super().__init__(address, _Handler)
        self.runtime = runtime
        self._seen_alive = time.monotonic()

    def service_actions(self) -> None:
        """Called between requests: a container whose function is gone ends."""
        if self.runtime.alive:
            self._seen_alive = time.monotonic()
        elif time.monotonic() - self._seen_alive > _FAREWELL_SECONDS:
            threading.Thread(target=self.shutdown, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    """One call: invoke."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Emulator

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
        """Say nothing: the function's own log is what counts."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Invoke the function with the body."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = self.path == PATH
        answer = self.server.runtime.invoke(body) if found else b'{"errorType": "NotFound"}'
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def main(arguments: Sequence[str]) -> int:
    """Serve the handler named by the only argument until its process ends."""
    timeout = float(os.environ.get("AWS_LAMBDA_FUNCTION_TIMEOUT", "60"))
    runtime = Runtime(arguments[0], timeout)
    # As a container's first process it has no default action on SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = (os.environ.get("RIE_BIND", "0.0.0.0"), int(os.environ.get("RIE_PORT", "8080")))
    try:
        with Emulator(address, runtime) as server:
            server.serve_forever(_POLL_SECONDS)
    except KeyboardInterrupt:
        return 0
    finally:
        runtime.close()
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
