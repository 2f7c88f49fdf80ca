"""How patiently deliveries are tried again, and what becomes of one that cannot be made."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring import settings
from monitoring.actions.outbox import Outbox, backoff
from tests.monitoring.support.cursor import FakeConnection, FakeCursor


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (5, 80), (10, 2560), (11, 3600), (100, 3600)]
)
def test_each_pause_is_twice_the_last_up_to_an_hour(attempts: int, seconds: float) -> None:
    """GIVEN failed attempts and five seconds at first WHEN the pause is asked THEN doubled, bounded."""
    assert backoff(attempts, 5.0) == seconds


@pytest.mark.parametrize(
    ("kind", "words"), [("mail", "ALERT_RECIPIENTS is not set"), ("retrain", "MAGE_URL is not set")]
)
def test_what_is_not_configured_is_skipped_and_says_why(kind: str, words: str) -> None:
    """GIVEN neither recipients nor Mage WHEN an entry is due THEN it ends skipped, with the variable."""
    entry = (1, "key", kind, 1, {"template": "opened"}, "pending", 0, {})
    cursor = FakeCursor([entry])
    connection: Any = FakeConnection(cursor)
    retraining: Any = None
    outbox = Outbox(settings.load({"DATABASE_URL": "postgresql://x/y"}), None, None, retraining)
    assert outbox.step(connection) == 1
    sql, parameters = next(asked for asked in cursor.asked if "finished_at" in asked[0])
    assert sql.startswith("UPDATE outbox") and parameters[0] == "skipped" and words in parameters
