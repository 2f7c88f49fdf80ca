"""The reader of a stream."""

from __future__ import annotations

import logging

import pytest

from inference.stream import reader as module
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


@pytest.mark.parametrize("lost", ["", "ExpiredIteratorException", "ResourceNotFoundException"])
def test_a_stream_made_anew_is_read_from_its_start(
    streams: Streams, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lost: str
) -> None:
    """Whether the iterators of the earlier stream stay quiet or are refused; said in the log."""
    caplog.set_level(logging.WARNING)
    streams.answering = False
    reader = StreamReader(streams, "predictions", sleep=lambda _: None)
    streams.put_records(StreamName="predictions", Records=[{"Data": b"1"}, {"Data": b"2"}])
    assert len(reader.read()) == 2
    streams.anew()
    streams.put_record(StreamName="predictions", Data=b"3")
    if lost:
        answer = streams.get_records
        errors = [client_error(lost)]

        def get_records(**request: object) -> dict[str, object]:
            if errors:
                raise errors.pop()
            return answer(**request)

        monkeypatch.setattr(streams, "get_records", get_records)
    else:
        assert not reader.read()
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    records = [*reader.read(), *reader.read()]
    assert [record["Data"] for record in records] == [b"3"]
    assert caplog.text.count("made anew") == 1


def test_an_expired_iterator_of_the_same_stream_is_raised(streams: Streams) -> None:
    """Only a stream made anew is started over."""
    reader = StreamReader(streams, "predictions", sleep=lambda _: None)
    streams.get_records = lambda **_: (_ for _ in ()).throw(  # type: ignore[method-assign]
        client_error("ExpiredIteratorException")
    )
    with pytest.raises(Exception, match="ExpiredIterator"):
        reader.read()
