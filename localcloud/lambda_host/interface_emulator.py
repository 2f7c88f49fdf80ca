"""A stand-in for AWS's runtime interface emulator: one function of an image, invoked by HTTP.

``python -m localcloud.lambda_host.interface_emulator HANDLER`` starts `awslambdaric` on
HANDLER and answers POST /2015-03-31/functions/function/invocations, one at a time, function errors
with 200 too. RIE_BIND (default 0.0.0.0, as AWS's) and RIE_PORT (8080) say where;
AWS_LAMBDA_FUNCTION_TIMEOUT (60) seconds end an invocation, and with it the process.

Source: docs.aws.amazon.com/lambda/latest/dg/images-test.html. Needs the standard library and
`awslambdaric` only, and nothing of this project but the execution environment and its Runtime API.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import ThreadingHTTPServer

from localcloud.lambda_host.instance import Instance, Invocation
from localcloud.lambda_host.runtime_api import JsonHandler

PATH = "/2015-03-31/functions/function/invocations"
_ARN = "arn:aws:lambda:us-east-1:012345678912:function:function"
_VARIABLES = {
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
}
_POLL_SECONDS = 0.1
_FAREWELL_SECONDS = 1.0
"""How long the last answer, which says what became of the function, may take to leave."""


class Child(subprocess.Popen[bytes]):
    """The runtime client's process; it writes to this process's own output."""

    def __init__(self, command: list[str], variables: Mapping[str, str]) -> None:
        super().__init__(command, env={**_VARIABLES, **os.environ, **variables})

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.poll()

    def stop(self) -> None:
        """Kill it: a container's end waits for nobody."""
        self.kill()
        self.wait()


class Emulator(ThreadingHTTPServer):
    """The HTTP side; stops serving once the function's process is gone."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], function: Instance) -> None:
        super().__init__(address, _Handler)
        self._function = function
        self._invoking = threading.Lock()
        self._seen_alive = time.monotonic()

    def invoke(self, event: bytes) -> Invocation:
        """Return the function's answer to ``event``, or the error document that tells why not."""
        with self._invoking:
            return self._function.invoke(event)

    def service_actions(self) -> None:
        """Called between requests: a container whose function is gone ends."""
        if self._function.usable:
            self._seen_alive = time.monotonic()
        elif time.monotonic() - self._seen_alive > _FAREWELL_SECONDS:
            threading.Thread(target=self.shutdown, daemon=True).start()


class _Handler(JsonHandler):
    """One call: invoke."""

    server: Emulator

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Invoke the function with the body."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == PATH:
            outcome = self.server.invoke(body)
            self.reply(200, outcome.payload, {"x-amzn-RequestId": outcome.request_id})
        else:
            self.reply(404, b'{"errorType": "NotFound"}')


def main(arguments: Sequence[str]) -> int:
    """Serve the handler named by the only argument until its process ends."""
    timeout = float(os.environ.get("AWS_LAMBDA_FUNCTION_TIMEOUT", "60"))
    function = Instance(arguments[0], _ARN, timeout, Child)
    # As a container's first process it has no default action on SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = (os.environ.get("RIE_BIND", "0.0.0.0"), int(os.environ.get("RIE_PORT", "8080")))
    try:
        with Emulator(address, function) as server:
            server.serve_forever(_POLL_SECONDS)
    except KeyboardInterrupt:
        return 0
    finally:
        function.close()
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
