"""Which shards may be read, and where reading starts."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from monitoring.ingest.checkpoint import Checkpoint
from monitoring.ingest.shard import Reader, identify, list_shards, readable
from tests.monitoring.support.kinesis import FakeKinesis


def _shards(**finished: bool) -> list[Checkpoint]:
    parents = {"b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ("trimmed",)}
    return [Checkpoint(key, None, parents.get(key, ()), end) for key, end in finished.items()]


@pytest.mark.parametrize(
    ("finished", "names"),
    [
        ({"a": False, "b": False, "c": False, "d": False}, ["a"]),
        ({"a": True, "b": False, "c": False, "d": False}, ["b", "c"]),
        ({"a": True, "b": True, "c": False, "d": False}, ["c"]),
        ({"a": True, "b": True, "c": True, "d": False}, ["d"]),
        ({"e": False}, ["e"]),
        ({}, []),
    ],
)
def test_children_are_read_after_all_their_parents(
    finished: dict[str, bool], names: list[str]
) -> None:
    """GIVEN shards that were split and merged WHEN asked for the readable ones THEN parents first."""
    assert [place.shard_id for place in readable(_shards(**finished))] == names


def test_every_page_of_shards_is_asked_for() -> None:
    """GIVEN a service that lists one shard a page WHEN listed THEN all of them, with parents."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    kinesis.open("b", "a")
    assert [tuple(shard) for shard in list_shards(kinesis, "s")] == [("a", ()), ("b", ("a",))]


def test_reading_goes_on_after_expiry_and_tells_the_end() -> None:
    """GIVEN a shard that is closed WHEN its iterator expires in between THEN every record, then closed."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    kinesis.put("a", [b"1", b"2", b"3"])
    kinesis.open("b", "a")
    reader, place = Reader(kinesis, "s", "TRIM_HORIZON"), Checkpoint("a", None, (), False)
    first = reader.read(place, 2)
    assert [record.data for record in first.records] == [b"1", b"2"] and not first.closed
    kinesis.faults = ["ExpiredIteratorException"]
    place = place._replace(sequence_number=first.records[-1].sequence_number)
    last = reader.read(place, 2)
    assert [record.data for record in last.records] == [b"3"] and last.closed
    kinesis.faults = ["AccessDeniedException"]
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.read(place, 2)


def test_a_child_is_read_from_its_beginning_whatever_the_start() -> None:
    """GIVEN a worker that starts at the newest record WHEN a shard is split THEN children whole."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    kinesis.put("a", [b"old"])
    kinesis.open("b", "a")
    kinesis.put("b", [b"new"])
    reader = Reader(kinesis, "s", "LATEST")
    assert not reader.read(Checkpoint("a", None, (), False), 9).records
    (record,) = reader.read(Checkpoint("b", None, ("a",), False), 9).records
    assert record.data == b"new"


def test_a_shard_of_a_stream_made_anew_is_read_whole_whatever_the_start() -> None:
    """GIVEN a worker that starts at the newest record WHEN its stream was made anew THEN all of it."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    kinesis.put("a", [b"early"])
    reader = Reader(kinesis, "s", "LATEST")
    (record,) = reader.read(Checkpoint("a", None, (), False, from_start=True), 9).records
    assert record.data == b"early"
    before = identify(kinesis, "s")
    kinesis.anew()
    assert identify(kinesis, "s") != before
