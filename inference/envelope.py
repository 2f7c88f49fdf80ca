"""The Kinesis event Lambda hands over: its records, unpacked into the items to answer.

A record of a broken shape is still answered (by a rejection), so that it cannot block its shard.
"""

from __future__ import annotations

import binascii
from typing import Any, NamedTuple

from inference.aggregation import AggregateError, is_aggregate, user_records
from inference.contract import StudentPerformanceError
from inference.identity import event_time, prediction_id
from inference.problems import BAD_AGGREGATE, NOT_BASE64
from inference.scorer import Item

MAX_PARTITION_KEY = 256


class EnvelopeError(StudentPerformanceError):
    """The invocation's event is not a batch of Kinesis records: the function is wired wrongly."""

    code = "envelope"


class Unpacked(NamedTuple):
    """The items of one batch and, parallel to them, the sequence number each came with."""

    items: list[Item]
    sequence_numbers: list[str]


def unpack(event: Any) -> Unpacked:
    """Unpack a Lambda event; raises EnvelopeError when it holds no list of records."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise EnvelopeError("the event must hold the records of a Kinesis event source mapping")
    unpacked = Unpacked([], [])
    for record in records:
        _unpack_record(record, unpacked)
    return unpacked


def _unpack_record(record: Any, unpacked: Unpacked) -> None:
    record = record if isinstance(record, dict) else {}
    kinesis = record.get("kinesis")
    kinesis = kinesis if isinstance(kinesis, dict) else {}
    shard, _, number = str(record.get("eventID", "")).partition(":")
    sequence = str(kinesis.get("sequenceNumber") or number or "unknown")
    arn = str(record.get("eventSourceARN", ""))
    arrived = event_time(kinesis.get("approximateArrivalTimestamp"))
    key = _partition_key(kinesis.get("partitionKey"))
    data, problem = b"", None
    try:
        data = binascii.a2b_base64(kinesis["data"], strict_mode=True)
    except (KeyError, TypeError, ValueError):
        problem = NOT_BASE64
    if is_aggregate(data):
        try:
            for index, (own_key, body) in enumerate(user_records(data)):
                identity = prediction_id(arn, shard, sequence, index)
                unpacked.items.append(Item(body, _partition_key(own_key), identity, arrived))
                unpacked.sequence_numbers.append(sequence)
            return
        except AggregateError:
            problem = BAD_AGGREGATE
    identity = prediction_id(arn, shard, sequence)
    unpacked.items.append(Item(data, key, identity, arrived, problem))
    unpacked.sequence_numbers.append(sequence)


def _partition_key(key: object) -> str:
    return key if isinstance(key, str) and 0 < len(key) <= MAX_PARTITION_KEY else "unknown"
