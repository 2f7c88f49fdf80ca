"""What the soak puts on the input stream: seeded, broken, aggregated, doubled. Pure.

Each record's partition key says what must become of it, so the auditor needs nothing but the
stream to know it: a number is a good student's, ``bad~CODE~n`` must be rejected with CODE, and
``aggregate~COUNT~n`` holds COUNT records with such keys.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from typing import NamedTuple

from contract.features import FEATURES
from inference.stream.aggregation import MAGIC
from localcloud.demo.cohort import bad_events, encode

CANARY = "canary-text-of-the-soak"
AGE = 987_650_123_457
NEEDLES = (CANARY.encode(), str(AGE).encode())
"""Demographic values and free text that every record carries and nothing may keep."""

STUDENTS = 5_000
PACKED = 1_000_000
"""Ids from here on come in aggregates, whose records promise no order by student."""
_SHAPES = 500
_PLAIN, _AGGREGATES, _LARGEST = 60, 20, 100
_BROKEN, _DOUBLED = 0.02, 0.05


class Entry(NamedTuple):
    """One record to put, and how many user records it holds."""

    data: bytes
    key: str
    size: int = 1


def due(key: str) -> str | None:
    """Return the code a record with this key must be rejected with; None where it is good."""
    return key.split("~")[1] if key.startswith("bad~") else None


def packed(key: str) -> int | None:
    """Return how many records an aggregate with this key holds; None where it is none."""
    return int(key.split("~")[1]) if key.startswith("aggregate~") else None


def in_order(key: str) -> bool:
    """Tell whether the answers of this key's records must come in the records' order."""
    return key.isdigit() and int(key) < PACKED


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _block(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def aggregate(pairs: list[tuple[str, bytes]]) -> bytes:
    """Pack (partition key, data) pairs as the Kinesis Producer Library does."""
    keys = b"".join(_block(1, key.encode()) for key, _ in pairs)
    records = (
        _block(3, b"\x08" + _varint(index) + _block(3, data))
        for index, (_, data) in enumerate(pairs)
    )
    body = keys + b"".join(records)
    return MAGIC + body + hashlib.md5(body, usedforsecurity=False).digest()


class Maker:
    """Makes chunks for PutRecords for ever; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0
        demographics = {"Age": AGE, "Gender": CANARY, "Ethnicity": CANARY}
        self._shapes = [
            json.dumps({**self._features(), **demographics}).encode() for _ in range(_SHAPES)
        ]
        broken = [(event.code or "", event.data) for event in bad_events()]
        student = {**self._features(), "Sports": CANARY}
        broken.append(("wrong_type", encode({"student_id": 1, "student": student})))
        broken.append(("not_json", b'{"note": "' + CANARY.encode()))
        self._broken = broken
        # One inside of another is no aggregate but a record that is not text.
        self._broken_inside = [one for one in broken if one[0] != "bad_aggregate"]

    def _features(self) -> dict[str, float]:
        # What is possible of absences and hours is far from what is likely.
        return {
            f.name: (
                self._random.randint(0, min(30, int(f.maximum)))
                if f.whole
                else round(self._random.uniform(0, 20), 2)
            )
            for f in FEATURES
        }

    def _one(self, first_id: int) -> tuple[str, bytes]:
        self._number += 1
        if self._random.random() < _BROKEN:
            broken = self._broken_inside if first_id == PACKED else self._broken
            code, data = self._random.choice(broken)
            return f"bad~{code}~{self._number}", data
        student = first_id + self._random.randrange(STUDENTS)
        data = b'{"student_id":%d,"student":%s,"request_id":"%d","note":"%s"}' % (
            student,
            self._random.choice(self._shapes),
            self._number,
            CANARY.encode(),
        )
        return str(student), data

    def _packed(self) -> Entry:
        pairs = [self._one(PACKED) for _ in range(self._random.randint(1, _LARGEST))]
        return Entry(aggregate(pairs), f"aggregate~{len(pairs)}~{self._number}", len(pairs))

    def _plain(self) -> Entry:
        key, data = self._one(0)
        return Entry(data, key)

    def chunks(self) -> Iterator[list[Entry]]:
        """Yield what to put at once: plain records, aggregates, some of the chunk before again."""
        before: list[Entry] = []
        while True:
            chunk = [self._plain() for _ in range(_PLAIN)]
            chunk += [self._packed() for _ in range(_AGGREGATES)]
            self._random.shuffle(chunk)
            yield [*chunk, *(entry for entry in before if self._random.random() < _DOUBLED)]
            before = chunk
