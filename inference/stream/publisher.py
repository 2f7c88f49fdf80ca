"""Put answers on the output stream, in order, and say up to where they are on it.

PutRecords accepts 500 entries and 5 MiB a call and can fail for single entries while the call
succeeds: FailedRecordCount is read every time, and only the failed entries are sent again, with
full-jitter back-off (AWS Architecture Blog, "Exponential Backoff and Jitter"), for as long as the
invocation's remaining time allows. An answer that does not speak of every entry is a failed attempt,
and so is one that is not there in time. A chunk that could not be completed ends the work: the batch is
reported from its first unpublished answer on, so what would follow is sent by the retry anyway.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from contract.errors import StudentPerformanceError
from inference.deadline import within
from inference.stream.item import Answer

MAX_ENTRIES = 500
MAX_BYTES = 5 * 1024 * 1024
_PERMANENT = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidArgumentException",
        "InvalidClientTokenId",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "MissingAuthenticationToken",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)


class MalformedAnswer(StudentPerformanceError):
    """The stream's answer does not say of every entry what became of it."""

    code = "malformed_answer"


class Outcome(NamedTuple):
    """What became of a list of answers.

    ``published``: all answers before this index are on the stream. ``retries``: entries sent more
    than once. ``errors``: how often each error code was met.
    """

    published: int
    retries: int
    errors: Counter[str]


class Publisher:
    """Publishes to one stream.

    ::

        publisher = Publisher(client("kinesis"), "predictions", ATTEMPT_SECONDS)
        outcome = publisher.publish(batch.answers, seconds_left)
        answers[outcome.published :]             # those that are not on the stream

    ``attempt_seconds`` is the deadline of one PutRecords call in total; no further attempt starts
    when less than that remains, and none at all when nothing does.
    """

    def __init__(
        self,
        client: Any,
        stream_name: str,
        attempt_seconds: float,
        base_seconds: float = 0.05,
        cap_seconds: float = 2.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._stream_name = stream_name
        self.attempt_seconds = attempt_seconds
        self._base = base_seconds
        self._cap = cap_seconds
        self._sleep = sleep

    def publish(self, answers: Sequence[Answer], remaining: Callable[[], float]) -> Outcome:
        """Publish in order; ``remaining`` gives the seconds left. Never raises for AWS errors."""
        errors: Counter[str] = Counter()
        retries = 0
        for start, end in chunks(answers):
            left = remaining()
            if left <= 0 or (start and left < self.attempt_seconds):
                return Outcome(start, retries, errors)
            pending = list(range(start, end))
            attempt = 0
            while pending := self._attempt(answers, pending, errors, left):
                if _PERMANENT.intersection(errors):
                    return Outcome(pending[0], retries, errors)
                pause = random.uniform(0, min(self._cap, self._base * 2 ** min(attempt, 20)))
                left = remaining() - pause
                if left < self.attempt_seconds:
                    return Outcome(pending[0], retries, errors)
                self._sleep(pause)
                attempt += 1
                retries += len(pending)
        return Outcome(len(answers), retries, errors)

    def _attempt(
        self, answers: Sequence[Answer], pending: list[int], errors: Counter[str], left: float
    ) -> list[int]:
        """Send ``pending`` once; return those that are not known to be on the stream."""
        records = [
            {"Data": answers[index].data, "PartitionKey": answers[index].partition_key}
            for index in pending
        ]
        try:
            with within(min(self.attempt_seconds, left)):
                response = self._client.put_records(StreamName=self._stream_name, Records=records)
            return _failed(response, pending, errors)
        except ClientError as error:
            errors[str(error.response.get("Error", {}).get("Code"))] += 1
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Whatever botocore makes of a strange answer: nothing is known to be on the stream.
            errors[type(error).__name__] += 1
        return pending


def _failed(response: Any, pending: list[int], errors: Counter[str]) -> list[int]:
    """Return which of ``pending`` failed; raises MalformedAnswer unless all are spoken of."""
    entries = response.get("Records") if isinstance(response, dict) else None
    if not isinstance(entries, list) or len(entries) != len(pending):
        raise MalformedAnswer("the answer must speak of every entry")
    failed = []
    for index, entry in zip(pending, entries, strict=True):
        if "SequenceNumber" not in entry:
            errors[str(entry.get("ErrorCode"))] += 1
            failed.append(index)
    if response.get("FailedRecordCount", 0) > len(failed):
        raise MalformedAnswer("the answer speaks of more failures than it shows")
    return failed


def chunks(answers: Sequence[Answer]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of slices that PutRecords accepts: 500 entries and 5 MiB at most."""
    start = size = 0
    for index, answer in enumerate(answers):
        entry = len(answer.data) + len(answer.partition_key.encode())
        if index - start == MAX_ENTRIES or (size + entry > MAX_BYTES and index > start):
            yield start, index
            start, size = index, 0
        size += entry
    if start < len(answers):
        yield start, len(answers)
