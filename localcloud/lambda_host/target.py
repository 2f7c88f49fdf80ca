"""What the event source mapping invokes: the shape of an invocation's outcome, and of anything that
can be invoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Invocation:
    """The outcome of one synchronous invocation.

    ``error`` is None for success, else ``Handled`` (the function raised) or ``Unhandled`` (init
    error, crash, timeout); then ``payload`` is Lambda's error JSON.
    """

    request_id: str
    payload: bytes
    error: str | None = None
    duration_seconds: float = 0.0


class Target(Protocol):
    """A function that can be invoked synchronously, from several threads at once."""

    arn: str

    def invoke(self, event: bytes) -> Invocation:
        """Run the function on ``event`` (JSON). Raises TargetUnavailable when it could not be
        invoked at all.
        """

    def close(self) -> None:
        """Release whatever serves the invocations."""
