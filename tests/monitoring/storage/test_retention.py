"""Which month a partition holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitoring.storage.retention import month_end


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("predictions_2026_01", datetime(2026, 2, 1, tzinfo=UTC)),
        ("rejections_2025_12", datetime(2026, 1, 1, tzinfo=UTC)),
        ("predictions", None),
        ("windows", None),
        ("predictions_2026_01_old", None),
    ],
)
def test_a_partition_ends_where_the_next_month_begins(name: str, end: datetime | None) -> None:
    """GIVEN a table's name WHEN its end is asked THEN the next month's first day, or no partition."""
    assert month_end(name) == end
