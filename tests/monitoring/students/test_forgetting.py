"""How long a forgotten student's records may still be in the streams."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from monitoring.students.forgetting import Stores, retention, total


class Streams:
    """Kinesis with streams by name and retention; others are not there, or not to be seen."""

    def __init__(self, hours: dict[str, int], fault: str = "ResourceNotFoundException") -> None:
        self._hours, self._fault = hours, fault

    # pylint: disable=invalid-name
    def describe_stream_summary(self, StreamName: str) -> dict[str, Any]:
        """Answer as AWS does."""
        if StreamName not in self._hours:
            raise ClientError({"Error": {"Code": self._fault}}, "DescribeStreamSummary")
        return {"StreamDescriptionSummary": {"RetentionPeriodHours": self._hours[StreamName]}}


def test_every_stream_that_is_there_counts() -> None:
    """GIVEN three names, one unset and one of no stream THEN the hours of the others."""
    kinesis = Streams({"students": 72, "predictions": 24})
    names = ("students", "predictions", "", "gone")
    assert retention(Stores(None, "b", kinesis, names)) == {"students": 72, "predictions": 24}


def test_a_stream_that_may_not_be_seen_is_not_taken_for_none() -> None:
    """GIVEN a right that is missing THEN forgetting stops instead of promising too much."""
    kinesis = Streams({}, "AccessDeniedException")
    with pytest.raises(ClientError):
        retention(Stores(None, "b", kinesis, ("students",)))


def test_totals_go_over_all_stores() -> None:
    """GIVEN counts by store THEN their sum."""
    assert total({"postgres": {"predictions": 3, "ground_truth": 1}, "s3": {"a": 2}}) == 6
