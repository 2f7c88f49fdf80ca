"""What an invocation's answer means for its batch: done, done up to a record, failed, or not run at all.

Source: docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html (success and failure conditions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from infrastructure.local.lambda_host.target import Invocation


@dataclass(frozen=True)
class Outcome:
    """``done`` records from the batch's start need no retry; ``invoked`` is False when the function never ran."""

    done: int
    invoked: bool = True
    error: str | None = None


def interpret(
    invocation: Invocation, sequence_numbers: Sequence[str], report_batch_item_failures: bool
) -> Outcome:
    """Return how many records of the batch, from its start, are done.

    With ReportBatchItemFailures the lowest reported sequence number counts: it and everything after it is retried. Null,
    ``{}`` and an empty or null list mean success; an unknown, empty or missing identifier means the whole batch failed.
    """
    size = len(sequence_numbers)
    if invocation.error is not None:
        return Outcome(0, error=invocation.error)
    if not report_batch_item_failures:
        return Outcome(size)
    try:
        answer = msgspec.json.decode(invocation.payload or b"null")
    except msgspec.DecodeError:
        return Outcome(0, error="MalformedResponse")
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    if failures is None:
        return Outcome(size)
    if not isinstance(failures, list):
        return Outcome(0, error="MalformedResponse")
    positions = {number: index for index, number in enumerate(sequence_numbers)}
    lowest = size
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(identifier, str) or identifier not in positions:
            return Outcome(0, error="MalformedResponse")
        lowest = min(lowest, positions[identifier])
    return Outcome(lowest)
