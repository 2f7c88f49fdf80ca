"""What an invocation's answer means for its batch: done, done up to a record, failed, or not run at
all.

Source: docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html (success
and failure conditions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from localcloud.lambda_host.target import Invocation


@dataclass(frozen=True)
class Outcome:
    """``done`` records from the batch's start need no retry; ``invoked`` is False when the function
    never ran.
    """

    done: int
    invoked: bool = True
    error: str | None = None


def interpret(
    invocation: Invocation, sequence_numbers: Sequence[str], report_batch_item_failures: bool
) -> Outcome:
    """Return how many records of the batch, from its start, are done.

    With ReportBatchItemFailures the lowest reported sequence number counts: it and everything after
    it is retried. Null, ``{}`` and an empty or null list mean success; an unknown, empty or missing
    identifier means the whole batch failed.
    """
    size = len(sequence_numbers)
    if invocation.error is not None:
        return Outcome(0, error=invocation.error)
    if not report_batch_item_failures:
        return Outcome(size)
    try:
        lowest = lowest_failure(invocation.payload, sequence_numbers)
    except ValueError:
        return Outcome(0, error="MalformedResponse")
    return Outcome(size if lowest is None else lowest)


def lowest_failure(payload: bytes, sequence_numbers: Sequence[str]) -> int | None:
    """Return the position of the lowest reported record, None where none is; raises ValueError
    where it makes no sense.
    """
    try:
        answer = msgspec.json.decode(payload or b"null")
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    if failures is None:
        return None
    if not isinstance(failures, list) or not all(isinstance(item, dict) for item in failures):
        raise ValueError("batchItemFailures is not a list of objects")
    # Raises ValueError for an identifier that is null, empty or not of this batch.
    return min(
        (sequence_numbers.index(item.get("itemIdentifier")) for item in failures), default=None
    )
