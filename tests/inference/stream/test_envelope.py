"""Lambda's Kinesis event: unpacked whole, whatever shape a record has."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.stream.envelope import EnvelopeError, unpack
from inference.stream.identity import prediction_id
from inference.stream.problems import BAD_AGGREGATE, NOT_BASE64
from tests.inference.support.aggregate import aggregate
from tests.inference.support.kinesis import ARN, SHARD, batch, record, unpacked
from tests.inference.support.strategies import JSON


def test_a_plain_record_becomes_one_item() -> None:
    """Data, key, id and time are the record's."""
    items, numbers, newest = unpacked(batch(b"one", b"two", start=41))
    assert numbers == ["41", "42"]
    assert [item.data for item in items] == [b"one", b"two"]
    assert items[0].prediction_id == prediction_id(ARN, SHARD, "41")
    assert items[0].event_time == "2023-11-14T22:14:01.250Z"
    assert items[0].partition_key == "key"
    assert newest == 1_700_000_042.25


def test_user_records_of_an_aggregate_have_their_own_keys_and_ids() -> None:
    """Sub-sequence numbers count from 0; all carry the Kinesis record's sequence number."""
    packed = aggregate([("a", b"1"), ("b", b"2"), ("a", b"3")])
    items, numbers, _ = unpacked(batch(b"plain", packed, b"plain"))
    assert numbers == ["1", "2", "2", "2", "3"]
    assert [item.data for item in items] == [b"plain", b"1", b"2", b"3", b"plain"]
    assert [item.partition_key for item in items] == ["key", "a", "b", "a", "key"]
    assert [item.prediction_id for item in items[1:4]] == [
        prediction_id(ARN, SHARD, "2", index) for index in range(3)
    ]


def test_a_damaged_aggregate_is_one_rejection() -> None:
    """It keeps its place in the batch."""
    items, numbers, _ = unpacked(batch(b"1", aggregate([("a", b"1"), ("b", b"2")])[:-1], b"2"))
    assert numbers == ["1", "2", "3"]
    assert [item.problem for item in items] == [None, BAD_AGGREGATE, None]
    assert (items[1].data, items[1].partition_key) == (b"", "key")


@pytest.mark.parametrize("event", [None, [], "x", {}, {"Records": None}, {"Records": {}}, 7])
def test_an_event_that_is_no_batch_is_an_error(event: Any) -> None:
    """A function wired to something else says so."""
    reason = "^the event must hold the records of a Kinesis event source mapping$"
    with pytest.raises(EnvelopeError, match=reason):
        unpack(event, 10)


@pytest.mark.parametrize(
    "record_",
    [
        {"eventSource": "aws:sqs", "messageId": "1", "body": "{}", "eventSourceARN": "arn"},
        {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": "{}"}},
        {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}},
        {"eventSource": "aws:dynamodb", "eventID": "1", "dynamodb": {"SequenceNumber": "1"}},
        record(1, b"{}") | {"eventSource": "aws:sqs"},
        record(1, b"{}") | {"eventSource": ""},
    ],
    ids=["sqs", "sns", "s3", "dynamodb", "typed", "empty"],
)
def test_another_services_batch_is_refused(record_: dict[str, Any]) -> None:
    """Whatever else it looks like; the error names what came."""
    came = record_.get("eventSource", "aws:sns")
    for records in ([record_], [record(1, b"{}"), record_]):
        with pytest.raises(EnvelopeError, match=f"Kinesis event source mapping, not for {came}$"):
            unpack({"Records": records}, 10)


def test_a_record_that_names_no_service_is_a_broken_record() -> None:
    """Inside a batch, and alone, the leniency stays."""
    nameless = record(2, b"2")
    del nameless["eventSource"]
    items = unpacked({"Records": [record(1, b"1"), nameless]}).items
    assert [item.data for item in items] == [b"1", b"2"]
    assert len(unpacked({"Records": [nameless]}).items) == 1


def test_an_empty_batch_is_a_batch() -> None:
    """No records, no items."""
    assert not list(unpack({"Records": []}, 10))


@given(st.lists(st.integers(0, 7), min_size=1), st.integers(1, 5))
def test_parts_are_the_whole(sizes: list[int], most: int) -> None:
    """In order, full but for the last one, across and within aggregates; 0 is a plain record."""
    event = batch(*(aggregate([("k", b"x")] * size) if size else b"plain" for size in sizes))
    whole, parts = unpacked(event), list(unpack(event, most))
    assert [item for part in parts for item in part.items] == whole.items
    assert [number for part in parts for number in part.sequence_numbers] == whole.sequence_numbers
    assert {len(part.items) for part in parts[:-1]} <= {most} and len(parts[-1].items) <= most
    assert parts[-1].newest_arrival == whole.newest_arrival


@pytest.mark.parametrize(
    "data", ["%%%", "YQ", "YQ==YQ==", "Y Q==", "é", "\ud800", None, 7, ["YQ=="]]
)
def test_undecodable_data_is_a_rejection_in_place(data: Any) -> None:
    """Base64 that cannot be read does not stop the records around it."""
    event = batch(b"1", b"2", b"3")
    event["Records"][1]["kinesis"]["data"] = data
    items, numbers, _ = unpacked(event)
    assert numbers == ["1", "2", "3"]
    assert [item.problem for item in items] == [None, NOT_BASE64, None]
    assert (items[1].data, items[1].prediction_id) == (b"", prediction_id(ARN, SHARD, "2"))


def test_missing_parts_are_filled_in() -> None:
    """Without a sequence number the event id's is used; without anything there is still an item."""
    event = batch(b"1", b"2")
    del event["Records"][0]["kinesis"]["sequenceNumber"]
    del event["Records"][0]["kinesis"]["partitionKey"]
    event["Records"][1] = None
    items, numbers, _ = unpacked(event)
    assert numbers == ["1", ""]
    assert items[0].data == b"1" and items[0].problem is None
    assert items[0].prediction_id == prediction_id(ARN, SHARD, "1")
    assert (items[1].data, items[1].partition_key, items[1].problem) == (b"", "", NOT_BASE64)
    assert items[1].prediction_id == prediction_id("", "", "")


@given(st.data())
def test_any_shape_of_a_record_gives_an_item(data: st.DataObject) -> None:
    """Replace any part of a record by any JSON: each record still gives at least one item."""
    event = batch(b"1", b"2", b"3")
    target: Any = event["Records"][1]
    if data.draw(st.booleans()):
        target = target["kinesis"]
    for key in data.draw(st.lists(st.sampled_from(sorted(target)), min_size=1)):
        if data.draw(st.booleans()):
            target.pop(key, None)
        else:
            value = data.draw(JSON)
            # A text there names another service, which is not a broken record: see below.
            target[key] = value if key != "eventSource" or not isinstance(value, str) else None
    items, numbers, _ = unpacked(copy.deepcopy(event))
    assert len(items) == len(numbers) == 3
    assert (items[0].data, items[2].data) == (b"1", b"3")


@given(st.integers(0, 10**56), st.binary(), st.text())
def test_the_lenient_reading_equals_the_typed_one(number: int, data: bytes, key: str) -> None:
    """A good record beside a broken one is read as it would be in a good batch."""
    good = record(number, data, key)
    alone, beside = unpacked({"Records": [good]}), unpacked({"Records": [good, 7]})
    assert beside.items[: len(alone.items)] == alone.items
    assert beside.sequence_numbers[:-1] == alone.sequence_numbers
    assert beside.newest_arrival == alone.newest_arrival


def test_a_good_batch_is_read_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lenient reading, several times slower, is for batches with a broken record only."""
    monkeypatch.setattr(
        "inference.stream.envelope._lenient", lambda record: pytest.fail("one by one")
    )
    assert len(unpacked(batch(b"1", aggregate([("a", b"2")]), b"3")).items) == 3


def test_what_a_broken_record_still_says_is_used() -> None:
    """Its own sequence number, key, arrival and stream, even when the event id says otherwise."""
    broken = record(5, b"data", key="own")
    broken["kinesis"]["data"] = "%"
    broken["eventID"] = "shard:with:colons:77"
    (item,), numbers, newest = unpacked({"Records": [broken]})
    assert numbers == ["5"]
    assert (item.partition_key, newest) == ("own", 1_700_000_005.25)
    assert item.event_time == "2023-11-14T22:13:25.250Z"
    assert item.prediction_id == prediction_id(ARN, "shard", "5")
    del broken["kinesis"]["sequenceNumber"]
    del broken["kinesis"]["partitionKey"]
    del broken["kinesis"]["approximateArrivalTimestamp"]
    (item,), numbers, newest = unpacked({"Records": [broken]})
    assert (numbers, newest, item.partition_key) == (["77"], 0.0, "")
    assert item.event_time == "1970-01-01T00:00:00.000Z"
