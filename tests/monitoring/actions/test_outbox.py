"""How patiently deliveries are tried again, and what becomes of one that cannot be made."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring import settings
from monitoring.actions import mail, queue
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


def test_a_crash_after_the_mail_repeats_it_and_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a worker that dies between SES's answer and the commit WHEN the next one looks
    THEN nothing was committed, and the mail goes out again."""
    sent: list[str] = []
    composed: Any = type("Composed", (), {"subject": "drift"})
    monkeypatch.setattr(mail, "compose", lambda *_: composed)
    monkeypatch.setattr(mail, "send", lambda *_: sent.append("mail") or "id")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    entry = (1, "key", "mail", 1, {"template": "opened"}, "pending", 0, {})
    given = {
        "DATABASE_URL": "postgresql://x/y",
        "ALERT_RECIPIENTS": "a@b.example",
        "ALERT_SENDER": "c@b.example",
    }
    nobody: Any = None
    outbox = Outbox(settings.load(given), None, None, nobody)
    dying: Any = FakeConnection(FakeCursor([entry]))
    with monkeypatch.context() as crash:
        crash.setattr(queue, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            outbox.step(dying)
    assert sent == ["mail"] and dying.ended == ["rollback"]
    living: Any = FakeConnection(FakeCursor([entry]))
    assert outbox.step(living) == 1
    assert sent == ["mail", "mail"] and "commit" in living.ended
