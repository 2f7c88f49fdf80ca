"""What every consumer of a stream handles: raw records, dead letters, the counts of a batch."""

import hashlib
from typing import NamedTuple


class StreamRecord(NamedTuple):
    """One Kinesis record: where it stands in its shard and its bytes."""

    sequence_number: str
    data: bytes


class DeadLetter(NamedTuple):
    """A record that could not be read: its place, why, and a digest of it."""

    sequence_number: str
    code: str
    reason: str
    size: int
    sha256: str


class Counts(NamedTuple):
    """What one committed batch did."""

    records: int = 0
    inserted: int = 0
    rejected: int = 0
    duplicates: int = 0
    dead: int = 0
    lag_p50: float | None = None
    lag_p95: float | None = None


def dead_letter(record: StreamRecord, code: str, reason: str) -> DeadLetter:
    """Describe an unreadable record without keeping its content."""
    digest = hashlib.sha256(record.data).hexdigest()
    return DeadLetter(record.sequence_number, code, reason[:500], len(record.data), digest)
