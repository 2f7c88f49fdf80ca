"""What is said of the failure queue, and when."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from monitoring.storage import failure_queue
from tests.monitoring.support.cursor import FakeCursor

SINCE = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("before", "after", "count", "kind", "words"),
    [
        (None, SINCE, 1, "alarm", "1 batch given up: make redrive"),
        (None, SINCE, 3, "alarm", "3 batches given up: make redrive"),
        (SINCE, SINCE, 4, None, ""),
        (SINCE, None, 0, "resolved", "nothing given up waits any more"),
        (None, None, 0, None, ""),
    ],
)
def test_only_a_change_is_an_event(
    before: Any, after: Any, count: int, kind: str | None, words: str
) -> None:
    """GIVEN a queue WHEN it fills or empties THEN one event says so; else none."""
    cursor: Any = FakeCursor([(before,)], [(after,)])
    failure_queue.store(cursor, count, 0)
    noted = [parameters[1:] for sql, parameters in cursor.asked if "INTO events" in sql]
    assert noted == ([(kind, "", words)] if kind else [])


def test_nobody_has_looked_yet() -> None:
    """GIVEN a new database WHEN read THEN None, which is not an empty queue."""
    cursor: Any = FakeCursor([])
    assert failure_queue.read(cursor) is None
