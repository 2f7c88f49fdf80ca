"""The Kinesis event Lambda hands over: its records, unpacked into the items to answer.

A record of a broken shape is still answered (by a rejection), so that it cannot block its shard.
"""

from __future__ import annotations

import binascii
from typing import Any, NamedTuple

from inference.aggregation import AggregateError, is_aggregate, user_records
from inference.contract import StudentPerformanceError
from inference.identity import event_time, prediction_id
from inference.inspection import has_surrogate
from inference.problems import BAD_AGGREGATE, NOT_BASE64
from inference.scorer import Item

MAX_PARTITION_KEY = 256


class EnvelopeError(StudentPerformanceError):
    """The invocation's event is not a batch of Kinesis records: the function is wired wrongly."""

    code = "envelope"


class Unpacked(NamedTuple):
    """The items of one batch, parallel to them the sequence number each came with, and the newest
    arrival time among them (seconds since 1970)."""

    items: list[Item]
    sequence_numbers: list[str]
    newest_arrival: float | None


def unpack(event: Any) -> Unpacked:
    """Unpack a Lambda event; raises EnvelopeError when it holds no list of records."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise EnvelopeError("the event must hold the records of a Kinesis event source mapping")
    items: list[Item] = []
    sequence_numbers: list[str] = []
    newest: float | None = None
    for record in records:
        envelope = _read(record)
        found = _items(envelope)
        items.extend(found)
        sequence_numbers.extend([envelope.sequence_number] * len(found))
        arrived = envelope.arrived
        if isinstance(arrived, (int, float)) and (newest is None or arrived > newest):
            newest = arrived
    return Unpacked(items, sequence_numbers, newest)


class _Envelope(NamedTuple):
    stream_arn: str
    shard_id: str
    sequence_number: str
    partition_key: str
    arrived: object
    data: bytes | None


def _read(record: Any) -> _Envelope:
    record = record if isinstance(record, dict) else {}
    kinesis = record.get("kinesis")
    kinesis = kinesis if isinstance(kinesis, dict) else {}
    shard, _, number = str(record.get("eventID", "")).partition(":")
    try:
        data = binascii.a2b_base64(kinesis["data"], strict_mode=True)
    except (KeyError, TypeError, ValueError):
        data = None
    return _Envelope(
        str(record.get("eventSourceARN", "")),
        shard,
        str(kinesis.get("sequenceNumber") or number or "unknown"),
        _partition_key(kinesis.get("partitionKey")),
        kinesis.get("approximateArrivalTimestamp"),
        data,
    )


def _items(envelope: _Envelope) -> list[Item]:
    arn, shard, sequence, key, arrived, data = envelope
    at = event_time(arrived)
    problem = None
    if data is None:
        data, problem = b"", NOT_BASE64
    elif is_aggregate(data):
        try:
            return [
                Item(body, _partition_key(own), prediction_id(arn, shard, sequence, index), at)
                for index, (own, body) in enumerate(user_records(data))
            ]
        except AggregateError:
            problem = BAD_AGGREGATE
    return [Item(data, key, prediction_id(arn, shard, sequence), at, problem)]


def _partition_key(key: object) -> str:
    if not isinstance(key, str) or not 0 < len(key) <= MAX_PARTITION_KEY or has_surrogate(key):
        return "unknown"
    return key
