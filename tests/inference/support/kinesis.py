"""An output stream in memory with the faults Kinesis can show, and Lambda's Kinesis records."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from contract.features import FEATURE_NAMES
from inference.stream.envelope import Part, unpack

ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/students"
SHARD = "shardId-000000000000"
VALUES = (2, 19.83, 7, 1, 2, 0, 0, 1, 0)
Fault = Callable[[int, list[dict[str, Any]]], "set[int] | Exception"]


def event(student_id: object = 1001, **changes: Any) -> dict[str, Any]:
    """Return a valid event; ``changes`` replace features, or top-level keys when written lower."""
    student = dict(zip(FEATURE_NAMES, VALUES, strict=True))
    student.update({key: value for key, value in changes.items() if key in FEATURE_NAMES})
    others = {key: value for key, value in changes.items() if key not in FEATURE_NAMES}
    return {"student_id": student_id, "student": student, **others}


def encoded(student_id: object = 1001, **changes: Any) -> bytes:
    """Return `event` as JSON bytes."""
    return json.dumps(event(student_id, **changes)).encode()


def record(number: int, data: bytes, key: str = "key") -> dict[str, Any]:
    """Return one record as the event source mapping hands it over."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": key,
            "sequenceNumber": str(number),
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1_700_000_000.25 + number % 100_000,
        },
        "eventSource": "aws:kinesis",
        "eventID": f"{SHARD}:{number}",
        "eventSourceARN": ARN,
    }


def batch(*data: bytes, start: int = 1) -> dict[str, Any]:
    """Return a whole Lambda event."""
    return {"Records": [record(start + index, item) for index, item in enumerate(data)]}


def unpacked(event_: dict[str, Any]) -> Part:
    """Return all of a Lambda event in one part."""
    return next(unpack(event_, 1_000_000), Part([], [], 0.0))


def client_error(code: str, status: int = 400) -> ClientError:
    """Return the error botocore raises for ``code``."""
    metadata = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "PutRecords")


class MemoryStream:
    """put_records into a list.

    ``fault(call, entries)`` says which entry indexes fail in the n-th call, or the error to raise.
    """

    def __init__(self, fault: Fault = lambda call, entries: set()) -> None:
        self.fault = fault
        self.calls: list[list[dict[str, Any]]] = []
        self.entries: list[dict[str, Any]] = []

    def put_records(self, **request: Any) -> dict[str, Any]:
        """Answer as Kinesis does."""
        entries = request["Records"]
        self.calls.append(entries)
        verdict = self.fault(len(self.calls) - 1, entries)
        if isinstance(verdict, Exception):
            raise verdict
        answers = []
        for index, entry in enumerate(entries):
            if index in verdict:
                answers.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.entries.append(entry)
                answers.append({"SequenceNumber": str(len(self.entries)), "ShardId": SHARD})
        return {"FailedRecordCount": len(verdict), "Records": answers}

    def documents(self) -> list[dict[str, Any]]:
        """Return what is on the stream, parsed."""
        return [json.loads(entry["Data"]) for entry in self.entries]
