"""What goes through the service: one item to answer, and its answer, as bytes with a key."""

import msgspec

from inference.stream.problems import Problem


class Item(msgspec.Struct, gc=False):
    """One user record to answer.

    ``problem`` is set where the record could not even be unpacked; ``data`` is then ignored.
    ``partition_key`` is the answer's where the student id cannot be read.
    """

    data: bytes
    partition_key: str
    prediction_id: str
    event_time: str
    problem: Problem | None = None


class Answer(msgspec.Struct, gc=False):
    """One output record: partition key (1 to 256 characters), JSON, "ok" or "rejected"."""

    partition_key: str
    data: bytes
    status: str
