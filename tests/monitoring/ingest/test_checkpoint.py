"""A checkpoint moves only for a consumer that agrees where it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from monitoring.errors import FencedError
from monitoring.ingest import checkpoint
from tests.monitoring.support.cursor import FakeCursor

STREAM = checkpoint.Stream("stream", datetime(2025, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("stored", "expected", "fenced"),
    [
        ([("007",)], "007", False),
        ([(None,)], None, False),
        ([("007",)], "7", True),
        ([("008",)], "007", True),
        ([("007",)], None, True),
        ([], None, True),
    ],
)
def test_a_consumer_is_fenced_unless_the_checkpoint_is_its_own(
    stored: list[tuple[Any, ...]], expected: str | None, fenced: bool
) -> None:
    """GIVEN a stored number WHEN it is not to the letter what was expected THEN FencedError."""
    cursor: Any = FakeCursor(stored)
    if fenced:
        with pytest.raises(FencedError, match="shard s: checkpoint is"):
            checkpoint.fence(cursor, STREAM, "s", expected)
    else:
        checkpoint.fence(cursor, STREAM, "s", expected)
    assert cursor.asked[0][0].endswith("FOR UPDATE")
