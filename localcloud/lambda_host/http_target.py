"""A function behind AWS's runtime interface emulator: the Lambda container image, run by itself.

Source: docs.aws.amazon.com/lambda/latest/dg/images-test.html. The emulator takes one invocation at
a time and answers 200 for function errors too, telling them by the error document in the body.
"""

import http.client
import json
import threading
import urllib.parse

from localcloud.errors import TargetUnavailable
from localcloud.lambda_host.instance import Invocation


def error_of(payload: bytes, header: str | None) -> str | None:
    """Return the kind of function error an answer is, or None for a success."""
    if header:
        return header
    try:
        answer = json.loads(payload or b"null")
    except ValueError:
        return None
    if isinstance(answer, dict) and "errorMessage" in answer and "batchItemFailures" not in answer:
        return "Unhandled"
    return None


class HttpTarget:
    """A Target that posts events to ``url``; one at a time, as the emulator takes no more."""

    def __init__(self, url: str, arn: str, timeout_seconds: float) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise TargetUnavailable(f"a function URL is http://HOST:PORT/PATH, not {url!r}")
        self.arn = arn
        self._host, self._port, self._path = parts.hostname, parts.port or 80, parts.path or "/"
        self._timeout = timeout_seconds
        self._lock = threading.Lock()

    def invoke(self, event: bytes) -> Invocation:
        """Post one event and wait for the answer; raises TargetUnavailable when nothing listens."""
        with self._lock:
            # The emulator ends the function at its timeout; the margin lets its own answer arrive.
            connection = http.client.HTTPConnection(
                self._host, self._port, timeout=self._timeout + 5
            )
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                raise TargetUnavailable(f"{self._host}:{self._port}: {error}") from error
            request_id = ""
            try:
                connection.request("POST", self._path, event, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                payload = answer.read()
                request_id = answer.getheader("x-amzn-RequestId", "")
                error_header = answer.getheader("X-Amz-Function-Error")
                failed = error_of(payload, error_header) if answer.status == 200 else "Unhandled"
            except (OSError, http.client.HTTPException) as error:
                # The event may have been at work when the connection broke: that counts as an
                # invocation.
                payload = json.dumps(
                    {"errorType": "Runtime.ExitError", "errorMessage": str(error)}
                ).encode()
                failed = "Unhandled"
            finally:
                connection.close()
        return Invocation(payload, failed, request_id)

    def close(self) -> None:
        """Nothing is held between invocations."""
