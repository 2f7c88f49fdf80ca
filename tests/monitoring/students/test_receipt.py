"""A receipt is complete once nothing is left and no stream can hold a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.students.receipt import Receipt, document

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("finished", "clear_in", "complete"),
    [(NOW, -1, True), (NOW, 0, True), (NOW, 1, False), (None, -1, False)],
)
def test_complete(finished: datetime | None, clear_in: int, complete: bool) -> None:
    """GIVEN rows gone or not, streams clear or not THEN complete only when both are."""
    receipt = Receipt("ab12", NOW, finished, NOW + timedelta(hours=clear_in), {"postgres": {}})
    told = document(receipt, {"predictions": 24}, NOW)
    assert told["complete"] is complete
    assert told["student"] == "ab12" and told["streams"] == {"predictions": 24}
