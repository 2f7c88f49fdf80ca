"""Lambda's Invoke call for the hosted function: what an SDK finds at AWS_ENDPOINT_URL_LAMBDA.

Source: docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. Synchronous invocations only.
"""

import json
import re
import threading
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from localcloud.errors import TargetUnavailable
from localcloud.lambda_host.consumer import Target
from localcloud.lambda_host.runtime_api import JsonHandler
from localcloud.lambda_host.shard import MAXIMUM_PAYLOAD_BYTES
from localcloud.ports import LOOPBACK

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class _Handler(JsonHandler):
    """One call: Invoke."""

    server: "InvokeApi"

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Invoke the function with the body; errors are AWS's."""
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size) if size <= MAXIMUM_PAYLOAD_BYTES else b""
        path = _PATH.fullmatch(urlsplit(self.path).path)
        arn = self.server.target.arn
        if not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 "):
            # No page of a browser can send this header without being asked first.
            self._refuse(HTTPStatus.FORBIDDEN, "MissingAuthenticationTokenException")
        elif path is None or unquote(path[1]) not in (arn, arn.rpartition(":")[2]):
            self._refuse(HTTPStatus.NOT_FOUND, "ResourceNotFoundException")
        elif self.headers.get("X-Amz-Invocation-Type", "RequestResponse") != "RequestResponse":
            self._refuse(HTTPStatus.BAD_REQUEST, "InvalidParameterValueException")
        elif size > MAXIMUM_PAYLOAD_BYTES:
            self.close_connection = True
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestTooLargeException")
        else:
            self._invoke(body)

    def _invoke(self, body: bytes) -> None:
        try:
            done = self.server.target.invoke(body)
        except TargetUnavailable:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "ServiceException")
            return
        headers = {"X-Amz-Executed-Version": "$LATEST", "X-Amzn-RequestId": done.request_id}
        if done.error is not None:
            # AWS calls every error of a function so nowadays.
            headers["X-Amz-Function-Error"] = "Unhandled"
        self.reply(HTTPStatus.OK, done.payload, headers)

    def _refuse(self, status: int, kind: str) -> None:
        body = json.dumps({"Type": "User", "Message": f"{kind}: {self.command} {self.path}"})
        self.reply(status, body.encode(), {"X-Amzn-ErrorType": kind})


class InvokeApi(ThreadingHTTPServer):
    """Serves until closed; invocations run beside the mapping's, as on AWS."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, target: Target) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.target = target
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()
