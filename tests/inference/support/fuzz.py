"""Fuzz everything that reads bytes from outside: ``python -m tests.inference.support.fuzz --runs N``.

Seeded and without a corpus: mutations of valid events, of aggregates and of noise. Any exception is
printed with the bytes that caused it, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter

from msgspec.structs import replace
from tqdm import tqdm

from contract.events import REJECTION_CODES
from inference.stream.aggregation import AggregateError, user_records
from inference.stream.decoding import decode
from inference.stream.events import Event
from inference.stream.inspection import inspect
from inference.stream.problems import Rejection
from tests.inference.support.aggregate import aggregate, sealed
from tests.inference.support.kinesis import encoded

PIECES = (
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b",",
        b":",
        b"\\",
        b"\\u",
        b"\\ud800",
        b"\\udc00",
        b"\x00",
        b"\xff",
    ),
    *(
        b"NaN",
        b"Infinity",
        b"-",
        b"1e999",
        b"-0",
        b"0.0",
        b"1E5",
        b"9" * 20,
        b"9" * 310,
        b"9" * 500,
        b"null",
        b"true",
    ),
    *(
        b'"student_id":',
        b'"student":{',
        b'"Absences":',
        b'"request_id":7,',
        b'"year_elapsed":0,',
        b" ",
        b"\xc3\xa9",
        b"\xed\xa0\x80",
    ),
    *(
        b"[" * 70,
        b'{"a":' * 70,
        b"2.0",
        b"0.5",
        b"-1",
        b"\x80" * 11,
        b"9007199254740993.0",
        b"\xef\xbb\xbf",
        b"\xf3\x89\x9a\xc2",
    ),
)


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Return ``data`` with one to three random changes."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(data))
        what = chance.random()
        if what < 0.4:
            data = data[:at] + chance.choice(PIECES) + data[at:]
        elif what < 0.6:
            data = data[:at] + data[at + chance.randint(1, 12) :]
        elif what < 0.8:
            data = data[:at] + bytes((chance.randrange(256),)) + data[at + 1 :]
        elif what < 0.9:
            data = data[:at] + data[: chance.randint(0, 40)] + data[at:]
        else:
            data = data[:at] + chance.choice(PIECES) + data[at + chance.randint(1, 30) :]
    return data


def check(data: bytes) -> str:
    """Return what became of one event; raises AssertionError when the two paths disagree."""
    found, careful = decode(data), inspect(data)
    if isinstance(found, Event):
        assert isinstance(careful, Event)
        # None and False both say "do not explain"
        assert replace(found, explain=bool(found.explain)) == replace(
            careful, explain=bool(careful.explain)
        )
        return "ok"
    assert isinstance(found, Rejection) and found == careful and found.problems
    assert all(problem.code in REJECTION_CODES for problem in found.problems)
    return found.problems[0].code


def one(chance: random.Random, events: list[bytes], packed: bytes) -> str:
    """Run one fuzzed input through the reader it is for."""
    kind = chance.random()
    if kind < 0.1:
        return check(chance.randbytes(chance.randint(0, 80)))
    if kind < 0.8:
        return check(mutated(chance, chance.choice(events)))
    body = mutated(chance, packed)
    data = sealed(body[4:-16]) if kind < 0.95 else body  # mostly with a right digest
    try:
        for _, event in user_records(data):
            check(event)
    except AggregateError:
        return "bad_aggregate"
    return "aggregate"


def main() -> int:
    """Run the fuzz; returns 1 when anything but a typed rejection came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7319)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    events = [
        encoded(1001, explain=True, request_id="r", Age=17, year_elapsed=0.5),
        encoded("é" * 9),
        b"{}",
        b"[]",
    ]
    packed = aggregate([("a", encoded(1)), ("b", encoded("x", Absences=-1)), ("a", b"{")])
    seen: Counter[str] = Counter()
    for _ in tqdm(range(options.runs), unit="input", mininterval=1):
        state = chance.getstate()
        try:
            seen[one(chance, events, packed)] += 1
        except Exception as error:  # pylint: disable=broad-exception-caught
            print(f"{type(error).__name__}: {error}; generator state: {json.dumps(state)}")
            return 1
    print(", ".join(f"{name} {count:,}" for name, count in seen.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
