"""Make KPL aggregates, as the Kinesis Producer Library packs them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from inference.stream.aggregation import MAGIC
from tests.inference.support.wire import block, number


def message(records: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the protobuf message of (partition key, data) pairs, keys in a shared table."""
    pairs = list(records)
    keys = list(dict.fromkeys(key for key, _ in pairs))
    table = b"".join(block(1, key) for key in keys)
    return table + b"".join(
        block(3, number(1, keys.index(key)) + block(3, data)) for key, data in pairs
    )


def sealed(body: bytes) -> bytes:
    """Return a message with its magic and digest."""
    return MAGIC + body + hashlib.md5(body, usedforsecurity=False).digest()


def aggregate(records: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a whole aggregate."""
    return sealed(message(records))
