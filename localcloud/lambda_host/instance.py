"""One execution environment: an `awslambdaric` process behind its own Runtime API."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.lambda_host.runtime_api import RuntimeApi, Work
from localcloud.lambda_host.target import Invocation
from localcloud.process import Process

INIT_SECONDS = 10.0
"""AWS ends an init phase that takes longer and runs it again, with the function's own timeout, at
the first invocation.
"""


def error_payload(kind: str, message: str) -> bytes:
    """Return Lambda's error JSON."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


@dataclass(frozen=True)
class Code:
    """What an execution environment runs, and how: the same for all of one function's."""

    name: str
    handler: str
    arn: str
    root: Path
    variables: Mapping[str, str]
    timeout_seconds: float
    log: Path


class Instance:
    """Started at once, used by one caller at a time, closed after an init error, a crash or a
    timeout.
    """

    def __init__(self, code: Code) -> None:
        self._code = code
        self._api = RuntimeApi()
        environment = {
            **code.variables,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "_HANDLER": code.handler,
            "LAMBDA_TASK_ROOT": str(code.root),
            "PYTHONPATH": str(code.root),
        }
        self._process = Process(
            code.name,
            [sys.executable, "-m", "awslambdaric", code.handler],
            log=code.log,
            environment=environment,
            cwd=code.root,
            grace_seconds=2,
        )
        self._started = time.monotonic()
        self._process.start()
        self.cold_start_seconds: float | None = None

    def _wait(self, done: Callable[[float], bool], deadline: float) -> bool:
        """Wait for ``done``, the process's end, or the deadline; tell whether it was the first."""
        while True:
            left = deadline - time.monotonic()
            if done(max(0.0, min(left, 0.2))):
                return True
            if left <= 0 or not self._process.alive:
                # The answer may have come in the very moment the process ended.
                return done(0.0)

    def _failure(self, request_id: str, payload: bytes, started: float) -> Invocation:
        self.close()
        return Invocation(request_id, payload, "Unhandled", time.monotonic() - started)

    def invoke(self, event: bytes) -> Invocation:
        """Run one event; after an ``Unhandled`` outcome the instance is closed."""
        request_id, started = str(uuid.uuid4()), time.monotonic()
        prefix = f"RequestId: {request_id}"
        if not self._wait(
            self._api.ready.wait, started + max(INIT_SECONDS, self._code.timeout_seconds)
        ):
            code = self._process.exit_code
            reason = (
                f"{prefix} Error: Runtime exited with error: exit status {code}"
                if code is not None
                else f"{prefix} init timed out"
            )
            return self._failure(request_id, error_payload("Runtime.ExitError", reason), started)
        if self._api.init_error is not None:
            return self._failure(request_id, self._api.init_error, started)
        if self.cold_start_seconds is None:
            self.cold_start_seconds = time.monotonic() - self._started
        deadline_ms = int((time.time() + self._code.timeout_seconds) * 1000)
        work = Work(request_id, event, deadline_ms, self._code.arn)
        started = time.monotonic()
        self._api.submit(work)
        if not self._wait(work.done.wait, started + self._code.timeout_seconds):
            if self._process.alive:
                message = (
                    f"{prefix} Error: Task timed out after {self._code.timeout_seconds:.2f} seconds"
                )
                return self._failure(
                    request_id, error_payload("Sandbox.Timedout", message), started
                )
            message = (
                f"{prefix} Error: Runtime exited with error: exit status {self._process.exit_code}"
            )
            return self._failure(request_id, error_payload("Runtime.ExitError", message), started)
        return Invocation(
            request_id, work.payload, "Handled" if work.failed else None, time.monotonic() - started
        )

    @property
    def usable(self) -> bool:
        """Whether the process still runs."""
        return self._process.alive

    def close(self) -> None:
        """End the process and its Runtime API."""
        self._process.stop()
        self._api.close()
