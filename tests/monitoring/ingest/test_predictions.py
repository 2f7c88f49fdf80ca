"""A batch decoded and written down for COPY."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.ingest import predictions
from monitoring.ingest.batch import StreamRecord
from tests.monitoring.support import cohort
from tests.monitoring.support.cursor import FakeCursor

# pylint: disable=protected-access
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_read_is_sorted_into_rows_and_dead_letters() -> None:
    """GIVEN predictions, rejections and garbage WHEN decoded THEN each is where it belongs."""
    data = cohort.records(3, start=NOW) + cohort.encoded(cohort.rejections(2, start=NOW)) + [b"{"]
    batch = predictions.decode([StreamRecord(str(k), d) for k, d in enumerate(data)], NOW)
    assert (batch.records, len(batch.scored), len(batch.rejected)) == (6, 3, 2)
    assert [letter.code for letter in batch.dead] == ["not_prediction"]


@pytest.mark.parametrize(
    ("away", "kept"),
    [
        (timedelta(hours=23), True),
        (timedelta(days=1, seconds=1), False),
        (timedelta(days=-399), True),
        (timedelta(days=-401), False),
    ],
)
def test_a_time_that_cannot_be_is_a_dead_letter(away: timedelta, kept: bool) -> None:
    """GIVEN a record's clock so far away WHEN decoded THEN a row, or implausible_time."""
    batch = predictions.decode([StreamRecord("1", cohort.records(1, start=NOW + away)[0])], NOW)
    assert [letter.code for letter in batch.dead] == ([] if kept else ["implausible_time"])


def test_lags_are_seconds_and_never_negative() -> None:
    """GIVEN rows of a clock behind and one ahead WHEN measured THEN p95 and median, 0 at least."""
    cursor: Any = FakeCursor([(NOW,)])
    rows: Any = [
        predictions.Rejected(None, NOW, NOW - timedelta(seconds=k), "", (), ()) for k in range(100)  # type: ignore[arg-type]
    ]
    assert predictions._lags(cursor, rows) == (95.0, 50.0)
    ahead: Any = [rows[0]._replace(predicted_at=NOW + timedelta(minutes=5))]
    assert predictions._lags(FakeCursor([(NOW,)]), ahead) == (0.0, 0.0)  # type: ignore[arg-type]
    assert predictions._lags(cursor, []) == (None, None)
