"""Coverage-guided fuzz of everything that reads bytes from outside, with atheris.

``pip install atheris`` into an environment that holds inference/requirements.txt, then
``python -m tests.inference.support.fuzz_guided -runs=1000000 -seed=7319 [CORPUS]`` (libFuzzer's options). A
crash is anything but an event or typed rejection, or the two decoders disagreeing.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["inference"]):
    from inference.stream.aggregation import AggregateError, user_records
    from tests.inference.support.fuzz import check

from tests.inference.support.aggregate import aggregate, sealed
from tests.inference.support.kinesis import encoded

PACKED = aggregate([("a", encoded(1)), ("b", encoded("x", Absences=-1)), ("a", b"{")])
EVENT = encoded(1001, explain=True, request_id="r", Age=17, year_elapsed=0.5)


def one(data: bytes) -> None:
    """Read ``data`` as its first byte says: as it is, spliced into an event, as an aggregate."""
    if not data:
        return
    kind, body = data[0] % 4, data[1:]
    if kind == 0:
        check(body)
    elif kind == 1 and body:
        cut = body[0] * len(EVENT) // 256
        check(EVENT[:cut] + body[1:] + EVENT[cut:])
    else:
        # A right digest lets the reader behind it see the bytes; a wrong one is seldom interesting.
        packed = PACKED[4:-16]
        cut = (body[0] if body else 0) * len(packed) // 256
        mixed = packed[:cut] + body[1:] + packed[cut:]
        try:
            for _, event in user_records(sealed(mixed if kind == 2 else body)):
                check(event)
        except AggregateError:
            pass


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
