"""Where a window ends, as far as that is decided outside of the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from monitoring.settings import WindowSettings
from monitoring.windows import cutting
from tests.monitoring.support.cursor import FakeCursor

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = WindowSettings(rows=20, minimum_rows=10, label_rows=20)


def _rows(first: int, count: int) -> list[tuple[Any, ...]]:
    return [(first + k, NOW, NOW) for k in range(count)]


@pytest.mark.parametrize(
    ("answers", "ended"),
    [
        # position, scored, more waiting than the backlog, rejected, the new row's number
        ([[(0,)], _rows(1, 20), [], _rows(30, 5), [(7,)]], (20, 20, 0, "count")),
        ([[(0,)], _rows(1, 20), [], _rows(5, 3), [(7,)]], (20, 20, 3, "count")),
        ([[(0,)], _rows(1, 20), [(401,)], _rows(1, 2000), [], [(7,)]], (2000, 2000, 0, "count")),
        # position, scored, rejected, whether the limit has passed, the new row's number
        ([[(9,)], _rows(10, 4), _rows(14, 2), [(True,)], [(7,)]], (15, 4, 2, "time")),
        ([[(9,)], [], _rows(10, 3), [(True,)], [(7,)]], (12, 0, 3, "time")),
        ([[(9,)], _rows(10, 4), [], [(False,)]], None),
        ([[(9,)], [], []], None),
    ],
)
def test_a_window_ends_when_it_is_full_or_its_time_is_up(
    answers: list[list[tuple[Any, ...]]], ended: tuple[Any, ...] | None
) -> None:
    """GIVEN waiting rows WHEN a window is cut THEN last number, counts and cause, or none yet."""
    cursor: Any = FakeCursor(*answers)
    window = cutting.cut_scored(cursor, "1", SETTINGS)
    if ended is None:
        assert window is None
        return
    assert window is not None and window.window_id == 7
    assert (window.last_row, window.row_count, window.rejected_count, window.closed_by) == ended


@pytest.mark.parametrize(("labels", "full"), [(19, False), (20, True)])
def test_a_labelled_window_waits_until_it_is_full(labels: int, full: bool) -> None:
    """GIVEN labels one short of a window, or enough WHEN cut THEN none, or one that ends there."""
    rows = [(k + 1, NOW) for k in range(labels)]
    cursor: Any = FakeCursor([(0,)], rows, [(7,)])
    window = cutting.cut_labelled(cursor, "1", SETTINGS)
    assert (window is not None) == full
    assert window is None or (window.kind, window.last_row) == ("labelled", 20)
