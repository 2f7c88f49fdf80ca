"""The outbox table's statements, as far as they can be seen without a database."""

from typing import Any

from monitoring.actions import queue
from monitoring.actions.queue import Entry
from tests.monitoring.support.cursor import FakeCursor

ENTRY = Entry(3, "key", "mail", 1, {}, "pending", 0, {})


def test_an_action_is_put_in_once() -> None:
    """GIVEN a key WHEN put in twice THEN the second is told apart by the database's count."""
    cursor: Any = FakeCursor()
    assert queue.enqueue(cursor, "mail", "key", 1, {"template": "opened"})
    cursor.rowcount = 0
    assert not queue.enqueue(cursor, "mail", "key", 1, {"template": "opened"})
    assert "ON CONFLICT (dedupe_key) DO NOTHING" in cursor.asked[0][0]


def test_a_due_entry_is_claimed_or_there_is_none() -> None:
    """GIVEN one due entry WHEN claimed twice THEN it, then None."""
    cursor: Any = FakeCursor([tuple(ENTRY)])
    assert queue.claim(cursor, 0) == ENTRY
    assert queue.claim(cursor, 3) is None
    assert "FOR UPDATE SKIP LOCKED" in cursor.asked[0][0]


def test_an_errors_words_are_bounded() -> None:
    """GIVEN an error of a megabyte WHEN noted THEN 2,000 characters of it."""
    cursor: Any = FakeCursor()
    queue.retry(cursor, ENTRY, "x" * 10**6, 5.0)
    queue.give_up(cursor, ENTRY, "x" * 10**6)
    assert [len(parameters[0]) for _, parameters in cursor.asked] == [2000, 2000]
