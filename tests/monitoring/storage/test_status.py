"""What ``status`` tells."""

from __future__ import annotations

from typing import Any

from monitoring.storage import status
from tests.monitoring.support.cursor import FakeConnection, FakeCursor


def test_status_tells_of_every_loop() -> None:
    """GIVEN a database WHEN the status is read THEN the loops are part of it, in one transaction."""
    cursor = FakeCursor([(0,)], [], [], [], [], [(5,)], [(3,)], [("watch",)], columns=("loop",))
    connection: Any = FakeConnection(cursor)
    read = status.read(connection)
    assert read["loops"] == [{"loop": "watch"}] and read["open_incidents"] == 0
    assert read["failure_queue"] == {"loop": 3}
    assert connection.ended == ["commit"]


def test_silence_is_asked_for_in_a_transaction() -> None:
    """GIVEN no report of any loop WHEN asked who is silent THEN ingest."""
    connection: Any = FakeConnection()
    assert status.silent_loops(connection) == ["ingest"]
