"""One execution environment: AWS's runtime client (`awslambdaric`) behind its own Runtime API.

The Lambda host and the stand-in image both drive the runtime client by this class. The image holds
the standard library and `awslambdaric` only, so this module needs nothing but the Runtime API.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from localcloud.lambda_host.runtime_api import RuntimeApi, Work

INIT_SECONDS = 10.0
"""AWS ends an init phase that takes longer and runs it again, with the function's own timeout, at
the first invocation.
"""


@dataclass(frozen=True)
class Invocation:
    """The outcome of one synchronous invocation.

    ``error`` is None for success, else ``Handled`` (the function raised) or ``Unhandled`` (init
    error, crash, timeout); then ``payload`` is Lambda's error JSON.
    """

    payload: bytes
    error: str | None = None
    request_id: str = ""


class RunningCommand(Protocol):
    """The runtime client's process, started."""

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs."""

    def stop(self) -> object:
        """End it and wait for its end."""


Launch = Callable[[list[str], Mapping[str, str]], RunningCommand]
"""Starts a command with these variables besides the function's own."""


class Instance:
    """Started at once, used by one caller at a time, closed after an init error, crash or timeout."""

    def __init__(self, handler: str, arn: str, timeout_seconds: float, launch: Launch) -> None:
        self._arn, self._timeout = arn, timeout_seconds
        self._api = RuntimeApi()
        self._started = time.monotonic()
        self._process = launch(
            [sys.executable, "-m", "awslambdaric", handler],
            {"AWS_LAMBDA_RUNTIME_API": self._api.address, "_HANDLER": handler},
        )
        self.cold_start_seconds: float | None = None

    @property
    def usable(self) -> bool:
        """Whether the process still runs."""
        return self._process.exit_code is None

    def _wait(self, done: Callable[[float], bool], seconds: float) -> bool:
        """Wait for ``done``, the process's end, or the deadline; tell whether it was the first."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if done(max(0.0, min(left, 0.2))):
                return True
            if left <= 0 or not self.usable:
                # The answer may have come in the very moment the process ended.
                return done(0.0)

    def _failure(self, request_id: str, late: str) -> Invocation:
        """Close the instance; the outcome says how its process ended, or that it was too ``late``."""
        code = self._process.exit_code
        kind = "Sandbox.Timedout" if code is None else "Runtime.ExitError"
        reason = late if code is None else f"Runtime exited with error: exit status {code}"
        self.close()
        message = f"RequestId: {request_id} Error: {reason}"
        return Invocation(
            json.dumps({"errorType": kind, "errorMessage": message}).encode(),
            "Unhandled",
            request_id,
        )

    def invoke(self, event: bytes) -> Invocation:
        """Run one event; after an ``Unhandled`` outcome the instance is closed."""
        request_id = str(uuid.uuid4())
        if not self._wait(self._api.ready.wait, max(INIT_SECONDS, self._timeout)):
            return self._failure(request_id, "init timed out")
        if self._api.init_error is not None:
            self.close()
            return Invocation(self._api.init_error, "Unhandled", request_id)
        if self.cold_start_seconds is None:
            self.cold_start_seconds = time.monotonic() - self._started
        deadline_ms = int((time.time() + self._timeout) * 1000)
        work = Work(request_id, event, deadline_ms, self._arn)
        self._api.submit(work)
        if not self._wait(work.done.wait, self._timeout):
            return self._failure(request_id, f"Task timed out after {self._timeout:.2f} seconds")
        return Invocation(work.payload, "Handled" if work.failed else None, request_id)

    def close(self) -> None:
        """End the process and its Runtime API."""
        self._process.stop()
        self._api.close()
