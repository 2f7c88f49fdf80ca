"""Kinesis records as the mapping reads them, and the event a function receives for some."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

MAXIMUM_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Lambda's limit for the event of a synchronous invocation, base64 and envelope included."""

_ENVELOPE_BYTES = 512
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Record:
    """One Kinesis record; ``arrived_at`` is its arrival in seconds since the epoch."""

    sequence_number: str
    partition_key: str
    data: bytes
    arrived_at: float

    @property
    def payload_bytes(self) -> int:
        """An upper bound of what this record adds to the event."""
        return 4 * ((len(self.data) + 2) // 3) + 4 * len(self.partition_key) + _ENVELOPE_BYTES


def event(records: Sequence[Record], shard_id: str, stream_arn: str, function_arn: str) -> bytes:
    """Return the Kinesis event JSON (``{"Records": [...]}``) for a batch, in its order."""
    region = stream_arn.split(":")[3]
    identity = f"arn:aws:iam::{function_arn.split(':')[4]}:role/{function_arn.rpartition(':')[2]}"
    items = [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key,
                "sequenceNumber": record.sequence_number,
                "data": base64.b64encode(record.data).decode("ascii"),
                "approximateArrivalTimestamp": record.arrived_at,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{record.sequence_number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": identity,
            "awsRegion": region,
            "eventSourceARN": stream_arn,
        }
        for record in records
    ]
    return _ENCODER.encode({"Records": items})
