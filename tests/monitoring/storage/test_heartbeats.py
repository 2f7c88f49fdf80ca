"""Loops that are silent, and that nobody forgets one."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.storage import heartbeats
from monitoring.storage.heartbeats import LOOPS, WATCHED
from tests.monitoring.support.cursor import FakeCursor

NAMES = ("loop", "watched", "heard", "seconds")


@pytest.mark.parametrize(
    ("ages", "silent"),
    [
        ({"ingest": 3, "watch": 119, "outbox": 0}, []),
        ({"ingest": 121, "labels": 500, "watch": 5}, ["ingest", "labels"]),
        ({"label stream": 121, "watch": 5}, ["label stream"]),
        ({"watch": 5, "retention": 9999}, []),
        ({"retention": 1}, ["ingest"]),
        ({}, ["ingest"]),
    ],
)
def test_watched_loops_must_be_heard_of(ages: dict[str, float], silent: list[str]) -> None:
    """GIVEN when loops were last heard of WHEN asked for the silent ones THEN the watched and late."""
    rows = [(name, name in WATCHED, None, age) for name, age in ages.items()]
    cursor: Any = FakeCursor(rows, columns=NAMES)
    assert heartbeats.silent(heartbeats.read(cursor)) == silent


def test_names_are_unique_and_two_are_not_watched() -> None:
    """GIVEN the loops WHEN listed THEN each has a name of its own, and all but two are watched."""
    assert len({loop.name for loop in LOOPS}) == len(LOOPS) == 8
    assert set(WATCHED) == {loop.name for loop in LOOPS} - {"failure queue", "retention"}


def test_a_loop_that_does_not_run_any_more_is_forgotten() -> None:
    """GIVEN the loops that run WHEN the worker starts THEN reports of others are dropped."""
    cursor: Any = FakeCursor()
    heartbeats.forget(cursor, [heartbeats.WATCH, heartbeats.LABELS])
    sql, parameters = cursor.asked[0]
    assert sql.startswith("DELETE FROM heartbeats") and parameters == (["watch", "labels"],)
