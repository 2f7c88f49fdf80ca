"""Put answers on the output stream, in order, and say up to where they are on it.

PutRecords accepts 500 entries and 5 MiB a call and can fail for single entries while the call
succeeds: FailedRecordCount is read every time, and only the failed entries are sent again, with
full-jitter back-off (AWS Architecture Blog, "Exponential Backoff and Jitter"), for as long as the
invocation's remaining time allows. A chunk that could not be completed ends the work: the batch is
reported from its first unpublished answer on, so what would follow is sent by the retry anyway.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

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

    ``attempt_seconds`` is the longest one PutRecords call can take with the client's timeouts; no
    further attempt starts when less than that remains.
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
        self._attempt_seconds = attempt_seconds
        self._base = base_seconds
        self._cap = cap_seconds
        self._sleep = sleep

    def publish(self, answers: Sequence[Answer], remaining: Callable[[], float]) -> Outcome:
        """Publish in order; ``remaining`` gives the seconds left. Never raises for AWS errors."""
        errors: Counter[str] = Counter()
        retries = 0
        for start, end in chunks(answers):
            if start and remaining() < self._attempt_seconds:
                return Outcome(start, retries, errors)
            failed, sent_again = self._chunk(answers, start, end, remaining, errors)
            retries += sent_again
            if failed:
                return Outcome(failed[0], retries, errors)
        return Outcome(len(answers), retries, errors)

    def _chunk(
        self,
        answers: Sequence[Answer],
        start: int,
        end: int,
        remaining: Callable[[], float],
        errors: Counter[str],
    ) -> tuple[list[int], int]:
        pending = list(range(start, end))
        retries = attempt = 0
        while True:
            try:
                pending = self._attempt(answers, pending, errors)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                errors[code] += 1
                if code in _PERMANENT:
                    return pending, retries
            except BotoCoreError as error:
                errors[type(error).__name__] += 1
            if not pending:
                return pending, retries
            pause = random.uniform(0, min(self._cap, self._base * 2 ** min(attempt, 20)))
            if remaining() < pause + self._attempt_seconds:
                return pending, retries
            self._sleep(pause)
            attempt += 1
            retries += len(pending)

    def _attempt(
        self, answers: Sequence[Answer], pending: list[int], errors: Counter[str]
    ) -> list[int]:
        """Send ``pending`` once; return those that are still not on the stream."""
        response = self._client.put_records(
            StreamName=self._stream_name,
            Records=[
                {"Data": answers[index].data, "PartitionKey": answers[index].partition_key}
                for index in pending
            ],
        )
        if response["FailedRecordCount"] == 0:
            return []
        failed = []
        for index, entry in zip(pending, response["Records"], strict=True):
            code = entry.get("ErrorCode")
            if code is not None:
                errors[code] += 1
                failed.append(index)
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
