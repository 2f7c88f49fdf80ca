"""What makes an answer repeatable: its prediction id and its event time.

prediction_id is uuid5(NAMESPACE_URL, "STREAM_ARN/SHARD/SEQUENCE_NUMBER/SUB_SEQUENCE_NUMBER"), so a
record answered twice carries the same id and consumers can drop the second answer.
"""

import hashlib
import time
import uuid
from functools import lru_cache

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))


@lru_cache(maxsize=64)
def _prefix(stream_arn: str, shard_id: str) -> "hashlib._Hash":
    name = f"{stream_arn}/{shard_id}/".encode(errors="surrogatepass")
    return hashlib.sha1(uuid.NAMESPACE_URL.bytes + name, usedforsecurity=False)


def prediction_id(
    stream_arn: str, shard_id: str, sequence_number: str, sub_sequence_number: int = 0
) -> str:
    """Return the uuid5 of one user record as text, about five times faster than `uuid.uuid5`."""
    digest = _prefix(stream_arn, shard_id).copy()
    place = f"{sequence_number}/{sub_sequence_number}"
    digest.update(place.encode() if place.isascii() else place.encode("utf-8", "surrogatepass"))
    h = digest.hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:32]}"


def event_time(epoch_seconds: float) -> str:
    """Format an arrival time (seconds since 1970) as UTC with milliseconds.

    A number outside of the calendar becomes 1970, so that the answer still repeats exactly.
    """
    try:
        milliseconds = round(epoch_seconds * 1000)
        second = milliseconds // 1000
        return _second(second) + _MILLISECONDS[milliseconds - second * 1000]
    except (ValueError, OverflowError, OSError):  # NaN; infinity or year above 9999
        return "1970-01-01T00:00:00.000Z"


@lru_cache(maxsize=4096)
def _second(epoch_seconds: int) -> str:
    if not 0 <= epoch_seconds < 253402300800:  # the year 10000
        raise ValueError(epoch_seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch_seconds))
