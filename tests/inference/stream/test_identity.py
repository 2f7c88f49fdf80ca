"""Prediction ids and event times repeat exactly."""

from __future__ import annotations

import math
import uuid
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.stream.identity import event_time, prediction_id
from tests.inference.support.kinesis import ARN, SHARD


@given(st.text(), st.text(), st.integers(0, 10**56).map(str), st.integers(0, 9999))
def test_it_is_the_uuid5_of_the_record(arn: str, shard: str, number: str, sub: int) -> None:
    """The fast path equals the standard library's uuid5."""
    expected = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{arn}/{shard}/{number}/{sub}"))
    assert prediction_id(arn, shard, number, sub) == expected


def test_what_no_utf8_can_carry_has_an_id_too() -> None:
    """A lone surrogate (JSON can spell one) in any part gives an id of its own, that repeats."""
    parts = [("\ud800", "s", "1"), ("\ud801", "s", "1"), ("a", "\ud800", "1"), ("a", "s", "\ud800")]
    found = [prediction_id(*part) for part in parts]
    assert len(set(found)) == 4 and found == [prediction_id(*part) for part in parts]
    assert all(uuid.UUID(each).version == 5 for each in found)


def test_a_plain_record_has_sub_sequence_number_0() -> None:
    """The published formula, by example."""
    assert prediction_id(ARN, SHARD, "7") == str(
        uuid.uuid5(uuid.NAMESPACE_URL, f"{ARN}/{SHARD}/7/0")
    )


@given(st.integers(0, 253402300799999))
def test_event_time_is_the_arrival_to_the_millisecond(milliseconds: int) -> None:
    """Formatting and parsing gives the same millisecond."""
    text = event_time(milliseconds / 1000)
    assert text.endswith("Z") and len(text) == 24
    parsed = datetime.fromisoformat(text)
    assert parsed.tzinfo is not None
    since = parsed - datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert abs(since.total_seconds() * 1000 - milliseconds) < 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 1e300, 253402300800.0])
def test_what_is_no_time_becomes_1970(value: float) -> None:
    """Times outside of the calendar repeat too."""
    assert event_time(value) == "1970-01-01T00:00:00.000Z"
