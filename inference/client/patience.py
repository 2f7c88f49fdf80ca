"""An AWS client that asks a slow or absent endpoint again, for a stated time, then says so once."""

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import (
    ClientError,
)
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError, IncompleteReadError, SSLError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from inference.client import ClientUsageError
from inference.deadline import OutOfTime, within

_BASE_SECONDS = 0.1
_CAP_SECONDS = 5.0
# urllib3's errors come through where an answer stalls within its body.
_SLOW_OR_AWAY = (
    *(NoConnection, HTTPClientError, HTTPError, IncompleteReadError),
    *(OutOfTime, ResponseParserError),
)
_THROTTLED = ("LimitExceededException", "RequestLimitExceeded", "ThrottlingException")


class EndpointSilent(ClientUsageError):
    """The endpoint gave no usable answer within the patience."""

    code = "endpoint_silent"


class PatientClient:
    """``client`` with every operation repeated while the endpoint is slow, away or out of order.

    What the endpoint says in order, a refusal too, is returned or raised at once. After ``seconds``
    in total an operation raises EndpointSilent, which names the endpoint and what to do.
    """

    def __init__(
        self, client: Any, seconds: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.impatient = client
        self._seconds = seconds
        self._sleep = sleep
        meta = getattr(client, "meta", None)
        self.endpoint: str = getattr(meta, "endpoint_url", "the endpoint")

    def __getattr__(self, name: str) -> Any:
        return partial(self._call, getattr(self.impatient, name))

    def _call(self, operation: Callable[..., Any], **request: Any) -> Any:
        end = time.monotonic() + self._seconds
        attempt = 0
        while True:
            try:
                left = max(end - time.monotonic(), 0.001)
                with within(left):
                    return operation(**request)
            except (ClientError, *_SLOW_OR_AWAY) as error:
                if not _passing(error):
                    raise
                pause = random.uniform(0, min(_CAP_SECONDS, _BASE_SECONDS * 2 ** min(attempt, 10)))
                if time.monotonic() + pause >= end:
                    raise EndpointSilent(
                        f"{self.endpoint} gave no answer for {self._seconds:g} seconds ({error});"
                        " does it run (make status)? Then the same command again"
                    ) from error
                if attempt == 0:
                    print(f"waiting for {self.endpoint}", file=sys.stderr)
                self._sleep(pause)
                attempt += 1


def _passing(error: Exception) -> bool:
    """Whether the same call may well succeed later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response.get("Error", {}).get("Code") in _THROTTLED
    return not isinstance(error, SSLError)
