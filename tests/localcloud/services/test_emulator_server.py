"""The emulator's launcher: housekeeping now and then instead of before every call."""

from __future__ import annotations

import asyncio
from typing import Any

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


@pytest.mark.parametrize(
    ("kind", "headers", "said"),
    [
        ("http", {}, "served"),
        ("http", {"host": "bucket.localhost:4566"}, "served"),
        ("lifespan", {"host": ""}, "served"),
        ("http", {"origin": "http://evil.example"}, 403),
        ("http", {"host": "evil.example"}, 403),
        ("websocket", {"origin": "http://evil.example"}, 1008),
    ],
)
def test_a_foreign_page_does_not_get_in(kind: str, headers: dict[str, str], said: Any) -> None:
    """GIVEN a request of any kind WHEN another page or name asks THEN ministack never sees it."""
    sent: list[Any] = []

    async def application(*_: Any) -> None:
        sent.append({"status": "served"})

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": "127.0.0.1:4566"} | headers
    scope = {"type": kind, "headers": [(k.encode(), v.encode()) for k, v in given.items()]}
    asyncio.run(emulator_server.closed(application)(scope, None, send))
    assert said == (sent[0].get("status") or sent[0].get("code"))
