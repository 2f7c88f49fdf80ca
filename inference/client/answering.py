"""Have records answered by the function, and see the answers on the output stream."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from contract.errors import StudentPerformanceError
from inference.client.records import Record, event, invocations
from inference.client.waiting import no_model
from inference.stream.reader import IDLE_SECONDS, StreamReader

_OF_THE_SERVICE = {"ModelUnavailable", "PredictionError", "EnvelopeError", "SettingsError"}
"""Errors the handler raises by itself; no record of a batch is to blame for them."""

_CULPRITS = 3
"""So many records in a row that each fail alone, and none answered: then it is not the records."""


class FunctionCannotAnswer(StudentPerformanceError):
    """The function fails whatever it is given; the message says what it says."""

    code = "client.function"


class Verdict(NamedTuple):
    """How many records of an invocation, from its start, are on the output stream; the error."""

    done: int
    error: str = ""
    kind: str = ""


class _Reported(msgspec.Struct, rename="camel"):
    item_identifier: str


class _Answer(msgspec.Struct, rename="camel"):
    """The partial batch response, or Lambda's error document."""

    batch_item_failures: list[_Reported] | None = None
    error_type: str = ""
    error_message: str = ""


class _Prediction(msgspec.Struct):
    prediction_id: str = ""


def verdict(payload: bytes, failed: bool, sequence_numbers: Sequence[str]) -> Verdict:
    """Read a function's answer; what is no partial batch response acknowledges nothing."""
    try:
        answer = msgspec.json.decode(payload, type=_Answer)
    except msgspec.DecodeError:
        return Verdict(0, "its answer is no partial batch response")
    if failed or answer.batch_item_failures is None:
        # The runtime interface emulator tells an error by this document alone.
        said = f"{answer.error_type}: {answer.error_message}".strip(": ")
        return Verdict(0, said or "its answer is no partial batch response", answer.error_type)
    reported = {failure.item_identifier for failure in answer.batch_item_failures}
    if not reported <= set(sequence_numbers):
        return Verdict(0, "its answer names records it was not given")
    lowest = (place for place, number in enumerate(sequence_numbers) if number in reported)
    return Verdict(next(lowest, len(sequence_numbers)))


class Function:
    """The function by the name or ARN ``name``, else by the one its mapping named."""

    def __init__(self, client: Any, name: str | None, progress: Callable[[int], object]) -> None:
        self._client = client
        self._name = name
        self._progress = progress
        self._answered = False

    def answer(
        self, records: Sequence[Record], most: int, arn: str, before_each: Callable[[], object]
    ) -> dict[str, str]:
        """Have records answered; return those it fails on, by sequence number, with its error.

        A failing invocation is halved until the record that fails it stands alone. Raises
        FunctionCannotAnswer where it is the function and not a record.
        """
        culprits: dict[str, str] = {}
        failed_alone: set[str] = set()
        waiting = invocations(records, most)[::-1]
        while waiting:
            part = waiting.pop()
            before_each()
            said = self._invoke(part, arn)
            if said.done:
                self._answered = True
                self._progress(said.done)
            rest = part[said.done :]
            if not rest:
                continue
            if said.kind in _OF_THE_SERVICE:
                raise FunctionCannotAnswer("; ".join(filter(None, (said.error, no_model()))))
            if said.done:
                waiting.append(rest)
            elif not said.error:
                raise FunctionCannotAnswer("it could not publish to the output stream")
            elif len(rest) > 1:
                middle = (len(rest) + 1) // 2
                waiting += [rest[middle:], rest[:middle]]
            elif rest[0].sequence_number not in failed_alone:
                failed_alone.add(rest[0].sequence_number)
                waiting.append(rest)
            else:
                culprits[rest[0].sequence_number] = said.error
                if len(culprits) >= _CULPRITS and not self._answered:
                    raise FunctionCannotAnswer(f"it fails on every record: {said.error}")
        return culprits

    def _invoke(self, part: Sequence[Record], arn: str) -> Verdict:
        answer = self._client.invoke(FunctionName=self._name or arn, Payload=event(part))
        numbers = [record.sequence_number for record in part]
        return verdict(answer["Payload"].read(), bool(answer.get("FunctionError")), numbers)


class Answers:
    """The output stream from a moment on: which answers have been seen there."""

    def __init__(self, reader: StreamReader, patience_seconds: float) -> None:
        self._reader = reader
        self._patience = patience_seconds
        self._seen: set[str] = set()

    def missing(self, wanted: set[str]) -> set[str]:
        """Read until all wanted ids were seen, or patience ends; return those that were not."""
        deadline = time.monotonic() + self._patience
        while not wanted <= self._seen and time.monotonic() < deadline:
            records = self._reader.read()
            self._seen.update(map(_identity, (record["Data"] for record in records)))
            if not records:
                time.sleep(IDLE_SECONDS)
        return wanted - self._seen


def _identity(data: bytes) -> str:
    try:
        return msgspec.json.decode(data, type=_Prediction).prediction_id
    except msgspec.DecodeError:
        return ""
