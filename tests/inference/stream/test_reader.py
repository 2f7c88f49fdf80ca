"""The reader of a stream."""

from __future__ import annotations

import pytest

from inference.stream.reader import StreamReader
from tests.inference.support.client_streams import Streams
from tests.inference.support.kinesis import client_error


@pytest.fixture(name="streams")
def streams_fixture() -> Streams:
    """Two streams that hold nothing yet."""
    return Streams()


def test_every_shard_is_read_on_from_where_it_was(streams: Streams) -> None:
    """Shards of every page are found, throttled reads are waited out, no record comes twice."""
    streams.throttled_reads = 1
    pauses: list[float] = []
    reader = StreamReader(streams, "predictions", sleep=pauses.append)
    streams.put_record(StreamName="predictions", Data=b"{")
    rounds = reader.rounds()
    counts = [len(next(rounds)) for _ in range(4)]
    assert sum(counts) == 2 and counts[-1] == 0  # the record and its answer
    assert pauses


def test_other_read_errors_are_raised(streams: Streams) -> None:
    """Only throttling is waited out."""
    reader = StreamReader(streams, "predictions", sleep=lambda _: None)
    streams.get_records = lambda **_: (_ for _ in ()).throw(  # type: ignore[method-assign]
        client_error("AccessDeniedException")
    )
    with pytest.raises(Exception, match="AccessDenied"):
        reader.read()
