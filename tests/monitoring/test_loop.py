"""A loop outlives what is away and ends at anything else."""

from __future__ import annotations

import threading
from typing import Any

import psycopg2
import pytest

from monitoring import loop
from monitoring.loop import Part
from monitoring.storage import database
from monitoring.storage.heartbeats import WATCH
from tests.monitoring.support.cursor import FakeConnection, FakeCursor


@pytest.fixture(name="opened")
def opened_fixture(monkeypatch: pytest.MonkeyPatch) -> list[FakeConnection]:
    """The connections that were opened, none to a database."""
    opened: list[FakeConnection] = []

    def connect(url: str, application: str) -> FakeConnection:
        assert (url, application) == ("url", "monitoring watch")
        opened.append(FakeConnection(FakeCursor()))
        return opened[-1]

    monkeypatch.setattr(database, "connect", connect)
    monkeypatch.setattr(loop, "FIRST_PAUSE", 0.001)
    return opened


def test_a_loop_connects_again_reports_and_stops(opened: list[FakeConnection]) -> None:
    """GIVEN a database away for one step WHEN the loop runs THEN a new connection, a report, an end."""
    stop, steps = threading.Event(), []

    def step(connection: Any) -> int:
        steps.append(connection)
        if len(steps) == 1:
            raise psycopg2.OperationalError("away")
        if len(steps) == 3:
            stop.set()
        return 1

    loop.run(Part(WATCH, step, 0.0), "url", stop)
    assert len(steps) == 3 and len(opened) == 2
    assert steps[1:] == [opened[1]] * 2 and all(connection.closed for connection in opened)
    beats = [asked for asked in opened[1].cursor().asked if "heartbeats" in asked[0]]
    assert [parameters for _, parameters in beats] == [("watch",)]


def test_any_other_fault_ends_the_loop(opened: list[FakeConnection]) -> None:
    """GIVEN a step with a fault of its own WHEN the loop runs THEN it is raised, the connection closed."""

    def step(_: Any) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.run(Part(WATCH, step, 0.0), "url", threading.Event())
    assert opened[0].closed


def test_pauses_grow_up_to_five_seconds() -> None:
    """GIVEN a worker told to stop WHEN it rests THEN at once, and the next pause is bounded."""
    stop = threading.Event()
    stop.set()
    assert loop.rest(stop, "watch", ValueError("x"), 0.5) == 1.0
    assert loop.rest(stop, "watch", ValueError("x"), 4.0) == 5.0
