"""Windows are evaluated by one worker at a time, one transaction each."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring import settings, watch
from monitoring.errors import WindowNotFoundError
from monitoring.watch import Watch
from monitoring.windows.cutting import Window
from monitoring.windows.verdict import Verdict
from tests.monitoring.support.cursor import FakeConnection, FakeCursor

CONFIGURED = settings.load({"DATABASE_URL": "postgresql://x/y"})
WINDOW = Window(4, "scored", "1", 0, 200, 200, 0, "count")


class _Evaluator:
    def evaluate(self, _: Any, __: Window) -> Verdict:
        """Judge."""
        return Verdict("ok", ("quiet",))


def _watch() -> Watch:
    evaluator: Any = _Evaluator()
    return Watch(evaluator, CONFIGURED)


def test_a_rival_stands_by() -> None:
    """GIVEN another worker that holds the lock WHEN stepped THEN nothing is looked at."""
    cursor = FakeCursor([(False,)])
    connection: Any = FakeConnection(cursor)
    assert _watch().step(connection) == 0
    assert len(cursor.asked) == 1


def test_due_windows_are_evaluated_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN more due windows than the limit WHEN stepped THEN so many, each reacted to; lock released."""
    reacted: list[int] = []
    monkeypatch.setattr(watch.cutting, "versions", lambda _: ["1"])
    monkeypatch.setattr(watch.cutting, "cut_scored", lambda *_: WINDOW)
    monkeypatch.setattr(watch.incident, "react", lambda _, w, *__: reacted.append(w.window_id))
    cursor = FakeCursor([(True,)])
    connection: Any = FakeConnection(cursor)
    assert _watch().step(connection, limit=3) == 3
    assert reacted == [4, 4, 4]
    assert "pg_advisory_unlock" in cursor.asked[-1][0]
    assert connection.ended == ["commit"] * 5


def test_a_window_that_is_not_there_cannot_be_judged_again() -> None:
    """GIVEN no such window WHEN evaluated again THEN WindowNotFoundError."""
    connection: Any = FakeConnection()
    with pytest.raises(WindowNotFoundError, match="there is no window 9"):
        _watch().again(connection, 9)
