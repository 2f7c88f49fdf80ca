"""Tombstones: keyed hashes, asked for only while there are any."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitoring.storage import tombstones
from tests.monitoring.support.cursor import FakeCursor

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_without_tombstones_one_question_is_all() -> None:
    """GIVEN nobody forgotten WHEN a batch is screened THEN one short query, and all may be stored."""
    cursor: Any = FakeCursor([])
    assert tombstones.screen(cursor, ["1001"]) == set()
    assert len(cursor.asked) == 1


def test_who_is_forgotten_is_found_by_a_hash_and_never_named() -> None:
    """GIVEN one of two forgotten WHEN screened THEN he is named, and no query holds an id."""
    cursor: Any = FakeCursor([(b"key",)])
    tombstones.add(cursor, ["canary"], NOW)
    (digest,), key, until = cursor.asked[1][1]
    assert (key, until) == (b"key", NOW)
    asked: Any = FakeCursor([(memoryview(b"key"),)], [(digest,)])
    assert tombstones.screen(asked, ["canary", "other"]) == {"canary"}
    assert "canary" not in repr(cursor.asked) + repr(asked.asked)
