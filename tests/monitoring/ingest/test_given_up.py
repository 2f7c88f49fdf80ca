"""Looking into the failure queue."""

from __future__ import annotations

from typing import Any

from monitoring.ingest import given_up
from tests.monitoring.support.cursor import FakeConnection, FakeCursor


class Sqs:
    """Counts 3 and 2, and is asked for nothing else."""

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        """Return what was asked for."""
        assert request["QueueUrl"] == "queue"
        numbers = {
            "ApproximateNumberOfMessages": "3",
            "ApproximateNumberOfMessagesNotVisible": "2",
        }
        return {"Attributes": {name: numbers[name] for name in request["AttributeNames"]}}


def test_a_look_stores_both_counts() -> None:
    """GIVEN three that wait and two that are redriven WHEN looked at THEN both are kept."""
    cursor = FakeCursor([], [(None,)])
    connection: Any = FakeConnection(cursor)
    assert given_up.looking(Sqs(), "queue")(connection) == 0
    assert cursor.asked[1][1] == {"waiting": 3, "hidden": 2}
    assert connection.ended == ["commit"]
