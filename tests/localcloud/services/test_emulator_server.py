"""The emulator's launcher: housekeeping now and then instead of before every call."""

from __future__ import annotations

import pytest

from localcloud.services import emulator_server


def test_each_key_is_done_once_a_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN calls for two keys WHEN a period passes in between THEN each is done once before and
    once after.
    """
    now = 100.0
    monkeypatch.setattr(emulator_server.time, "monotonic", lambda: now)
    done: list[str] = []
    housekeeping = emulator_server.occasionally(done.append, lambda key: key)
    for key in ("a", "b", "a", "b"):
        housekeeping(key)
    assert done == ["a", "b"]
    now += emulator_server.PERIOD_SECONDS
    for key in ("a", "a", "b"):
        housekeeping(key)
    assert done == ["a", "b", "a", "b"]
