"""KPL aggregation: many user records packed into one Kinesis record.

Format (AWS "KPL Aggregated Record Format"): magic F3 89 9A C2, a protobuf message
AggregatedRecord {1: partition_key_table, 2: explicit_hash_key_table, 3: records
{1: partition_key_index, 2: explicit_hash_key_index, 3: data, 4: tags}}, and the MD5 of the message.
The four magic bytes are no valid UTF-8, so no JSON event can start with them.

The reader is written by hand: four field numbers do not justify the protobuf runtime in the image.
"""

import hashlib

from contract.errors import StudentPerformanceError

MAGIC = b"\xf3\x89\x9a\xc2"
DIGEST_BYTES = 16
MAX_USER_RECORDS = 10_000
"""More than a Kinesis record of 1 MiB can hold of valid events (each needs 180 bytes and more)."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class AggregateError(StudentPerformanceError):
    """The aggregate's digest, structure or size is wrong."""

    code = "bad_aggregate"


def is_aggregate(data: bytes) -> bool:
    """Return whether ``data`` starts as a KPL aggregate."""
    return data.startswith(MAGIC)


def user_records(data: bytes) -> list[tuple[str, bytes]]:
    """Return (partition key, data) of each user record; raises AggregateError if damaged."""
    message = data[len(MAGIC) : -DIGEST_BYTES]
    digest = data[max(len(MAGIC), len(data) - DIGEST_BYTES) :]
    if hashlib.md5(message, usedforsecurity=False).digest() != digest:
        raise AggregateError("the digest differs")
    try:
        return _read_message(message)
    except (IndexError, UnicodeDecodeError) as error:
        raise AggregateError("the structure is wrong") from error


def _read_message(message: bytes) -> list[tuple[str, bytes]]:
    keys: list[str] = []
    records: list[tuple[int, bytes]] = []
    position, end = 0, len(message)
    while position < end:
        tag, position = _varint(message, position)
        if tag & 7 != _BYTES:
            position = _skip(message, position, tag & 7)
            continue
        start, position = _span(message, position, end)
        if tag >> 3 == 1:
            keys.append(message[start:position].decode())
        elif tag >> 3 == 3:
            records.append(_read_record(message, start, position))
    if not 1 <= len(records) <= MAX_USER_RECORDS:
        raise AggregateError(f"it must hold 1 to {MAX_USER_RECORDS} user records")
    return [(keys[index], body) for index, body in records]


def _read_record(message: bytes, position: int, end: int) -> tuple[int, bytes]:
    index = body = None
    while position < end:
        tag, position = _varint(message, position)
        if tag & 7 == _BYTES:
            start, position = _span(message, position, end)
            if tag >> 3 == 3:
                body = message[start:position]
        elif tag == 8:
            index, position = _varint(message, position)
        else:
            position = _skip(message, position, tag & 7)
    if index is None or body is None or position != end:
        raise AggregateError("a user record lacks its key or its data")
    return index, body


def _span(message: bytes, position: int, end: int) -> tuple[int, int]:
    length, start = _varint(message, position)
    if start + length > end:
        raise AggregateError("a length points past the end")
    return start, start + length


def _varint(message: bytes, position: int) -> tuple[int, int]:
    byte = message[position]
    if byte < 0x80:
        return byte, position + 1
    value, shift = byte & 0x7F, 7
    while byte >= 0x80:
        if shift > 63:
            raise AggregateError("a number has more than 64 bits")
        position += 1
        byte = message[position]
        value |= (byte & 0x7F) << shift
        shift += 7
    return value, position + 1


def _skip(message: bytes, position: int, wire_type: int) -> int:
    if wire_type == _VARINT:
        return _varint(message, position)[1]
    if wire_type in (_FIXED64, _FIXED32):
        position += 8 if wire_type == _FIXED64 else 4
        if position > len(message):
            raise AggregateError("a number points past the end")
        return position
    raise AggregateError("an unknown wire type")
