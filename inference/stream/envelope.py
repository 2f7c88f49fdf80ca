"""The Kinesis event Lambda hands over: its records, unpacked part by part into items to answer.

A record of a broken shape is still answered (by a rejection), so that it cannot block its shard.
Another service's batch is refused as a whole: its records would get ids that collide.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from contract.errors import StudentPerformanceError
from inference.stream.aggregation import AggregateError, is_aggregate, user_records
from inference.stream.identity import event_time, prediction_id
from inference.stream.item import Item
from inference.stream.problems import BAD_AGGREGATE, NOT_BASE64, Problem

KINESIS = "aws:kinesis"


class EnvelopeError(StudentPerformanceError):
    """The invocation's event is not a batch of Kinesis records: the function is wired wrongly."""

    code = "envelope"


class Part(NamedTuple):
    """Some items of one batch and, parallel to them, the sequence number each came with."""

    items: list[Item]
    sequence_numbers: list[str]
    newest_arrival: float
    """Seconds since 1970."""


class _Kinesis(msgspec.Struct, gc=False):
    sequence_number: str = msgspec.field(name="sequenceNumber")
    partition_key: str = msgspec.field(name="partitionKey")
    arrival: float = msgspec.field(name="approximateArrivalTimestamp")
    data: bytes


class _Record(msgspec.Struct, gc=False):
    kinesis: _Kinesis
    event_id: str = msgspec.field(name="eventID")
    stream_arn: str = msgspec.field(name="eventSourceARN")
    source: str = msgspec.field(name="eventSource")
    problem: Problem | None = None


def unpack(event: Any, most: int) -> Iterator[Part]:
    """Unpack a Lambda event into parts of at most ``most`` items, one at a time.

    Raises EnvelopeError, at once, when it is no batch of Kinesis records.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise EnvelopeError("the event must hold the records of a Kinesis event source mapping")
    typed = _typed(records)
    for record in typed:
        if record.source != KINESIS:
            raise EnvelopeError(
                f"the function is for a Kinesis event source mapping, not for {record.source[:64]}"
            )
    return _parts(typed, most)


def _parts(records: list[_Record], most: int) -> Iterator[Part]:
    items: list[Item] = []
    numbers: list[str] = []
    newest = -math.inf
    for record in records:
        kinesis = record.kinesis
        newest = max(newest, kinesis.arrival)
        if not is_aggregate(kinesis.data):
            items.append(_item(record, kinesis.data, kinesis.partition_key))
            numbers.append(kinesis.sequence_number)
        else:
            for item in _user_items(record):
                if len(items) == most:
                    yield Part(items, numbers, newest)
                    items, numbers = [], []
                items.append(item)
                numbers.append(kinesis.sequence_number)
        if len(items) == most:
            yield Part(items, numbers, newest)
            items, numbers = [], []
    if items:
        yield Part(items, numbers, newest)


def _user_items(record: _Record) -> Iterable[Item]:
    kinesis = record.kinesis
    try:
        packed = user_records(kinesis.data)
    except AggregateError:
        record.problem = BAD_AGGREGATE
        return (_item(record, b"", kinesis.partition_key),)
    return (_item(record, data, key, index) for index, (key, data) in enumerate(packed))


def _item(record: _Record, data: bytes, key: str, index: int = 0) -> Item:
    shard = record.event_id.partition(":")[0]
    identity = prediction_id(record.stream_arn, shard, record.kinesis.sequence_number, index)
    return Item(data, key, identity, event_time(record.kinesis.arrival), record.problem)


def _typed(records: list[Any]) -> list[_Record]:
    # One call in C for the whole batch; what Kinesis sends always passes it.
    try:
        return msgspec.convert(records, list[_Record])
    except (msgspec.ValidationError, UnicodeError):
        return [_lenient(record) for record in records]


def _lenient(record: Any) -> _Record:
    outer = record if isinstance(record, dict) else {}
    kinesis = outer.get("kinesis")
    inner = kinesis if isinstance(kinesis, dict) else {}
    event_id = _read(outer, "eventID", str, "")
    data = _read(inner, "data", bytes, None)
    return _Record(
        _Kinesis(
            _read(inner, "sequenceNumber", str, event_id.rpartition(":")[2]),
            _read(inner, "partitionKey", str, ""),
            _read(inner, "approximateArrivalTimestamp", float, 0.0),
            data or b"",
        ),
        event_id,
        _read(outer, "eventSourceARN", str, ""),
        # SNS writes a capital letter. A record that names no service is a broken one of Kinesis.
        _read(outer, "eventSource", str, _read(outer, "EventSource", str, KINESIS)),
        NOT_BASE64 if data is None else None,
    )


def _read(source: dict[str, Any], key: str, kind: type, default: Any) -> Any:
    try:
        return msgspec.convert(source[key], kind)
    except (KeyError, msgspec.ValidationError, UnicodeError):
        return default
