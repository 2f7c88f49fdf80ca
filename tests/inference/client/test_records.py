"""The records of a failure message, as the mapping had them."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from inference.client import records
from inference.client.failures import Batch, FailureQueue
from inference.client.records import Record, event, fetch, invocations
from localcloud.lambda_host import documents, shard
from tests.inference.support.aggregate import aggregate
from tests.inference.support.given_up import EPOCH, FUNCTION, Cloud
from tests.inference.support.kinesis import ARN, SHARD, client_error, encoded, unpacked


def batch_of(cloud: Cloud) -> Batch:
    """Return the batch of the first message."""
    with closing(FailureQueue(cloud, "queue").messages()) as messages:
        failure = next(messages).failure
    assert failure is not None
    return failure.batch


def students(count: int) -> Cloud:
    """Return a stream of so many records."""
    return Cloud(*(encoded(number) for number in range(count)))


def test_the_event_is_the_mappings_own() -> None:
    """GIVEN records on a stream WHEN fetched THEN the function unpacks from them what it unpacks
    from the mapping's event: data, keys, ids and times.
    """
    cloud = Cloud(encoded(1), b"\xff", aggregate([("a", encoded(2)), ("b", encoded(3))]))
    cloud.give_up(0, 2)
    found = fetch(cloud, batch_of(cloud))
    theirs = documents.event(
        [
            shard.Record(
                one["SequenceNumber"],
                one["PartitionKey"],
                one["Data"],
                one["ApproximateArrivalTimestamp"].timestamp(),
            )
            for one in cloud.students
        ],
        SHARD,
        ARN,
        FUNCTION,
    )
    mapped = unpacked(json.loads(theirs))
    assert found.lost == 0
    assert unpacked(json.loads(event(found.records))) == mapped
    ids = [one for record in found.records for one in record.prediction_ids]
    assert ids == [item.prediction_id for item in mapped.items] and len(ids) == 4


@pytest.mark.parametrize("page", [1, 3, 100])
def test_the_range_and_no_more_is_read(page: int) -> None:
    """GIVEN pages of any size, empty ones among them WHEN fetched THEN the range, both ends in."""
    cloud = students(12)
    cloud.page = page
    cloud.give_up(2, 8)
    found = fetch(cloud, batch_of(cloud))
    wanted = [one["SequenceNumber"] for one in cloud.students[2:9]]
    assert [one.sequence_number for one in found.records] == wanted and found.lost == 0


def test_records_of_other_lanes_come_too() -> None:
    """GIVEN a batch of every second record of its range WHEN fetched THEN nothing counts as lost."""
    cloud = students(9)
    cloud.give_up(0, 8, size=5)
    found = fetch(cloud, batch_of(cloud))
    assert len(found.records) == 9 and found.lost == 0


@pytest.mark.parametrize(("trimmed", "lost"), [(2, 0), (3, 1), (6, 4), (7, 5), (9, 5)])
def test_what_retention_has_taken_is_counted(trimmed: int, lost: int) -> None:
    """GIVEN records 2 to 6 WHEN the oldest of the stream go THEN the lost ones are known."""
    cloud = students(9)
    cloud.give_up(2, 6)
    batch = batch_of(cloud)
    cloud.trim(trimmed)
    found = fetch(cloud, batch)
    assert found.lost == lost and len(found.records) == 5 - lost


def test_a_lane_whose_first_record_is_gone_has_lost_some() -> None:
    """GIVEN more records in the range than the batch had WHEN its first is gone THEN it shows."""
    cloud = students(9)
    cloud.give_up(0, 8, size=3)
    batch = batch_of(cloud)
    cloud.trim(1)
    assert fetch(cloud, batch).lost == 1


def test_a_stream_made_anew_has_none_of_it() -> None:
    """GIVEN a new stream under the old name, with records of its own at the same numbers
    WHEN fetched THEN those are not taken for the lost ones.
    """
    cloud = students(3)
    cloud.give_up(0, 2)
    cloud.created = EPOCH + timedelta(hours=1)
    assert fetch(cloud, batch_of(cloud)) == ([], 3)


def test_a_shard_that_is_gone_has_none_of_it() -> None:
    """A closed shard leaves the list when retention ends."""
    cloud = students(3)
    cloud.give_up(0, 2, shardId="shardId-000000000009")
    assert fetch(cloud, batch_of(cloud)) == ([], 3)


def test_a_stream_that_cannot_be_read_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Access denied is an error, and nothing may be forgotten for it."""
    cloud = students(3)
    cloud.give_up(0, 2)
    batch = batch_of(cloud)

    def denied(**_: Any) -> None:
        raise client_error("AccessDeniedException")

    monkeypatch.setattr(cloud, "get_shard_iterator", denied)
    with pytest.raises(Exception, match="AccessDeniedException"):
        fetch(cloud, batch)


def test_an_invocation_holds_what_lambda_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many records as the mapping gave at once, and less than six megabytes, in order."""
    monkeypatch.setattr(records, "MAXIMUM_PAYLOAD_BYTES", 100)
    sizes = (10, 10, 10, 60, 60, 99, 200, 10)
    given = [Record(str(place), b"x" * size, ()) for place, size in enumerate(sizes)]
    parts = invocations(given, most=2)
    assert [one for part in parts for one in part] == given
    assert [len(part) for part in parts] == [2, 2, 1, 1, 1, 1]
