"""Calls that may hang: waited for in bounded time, left behind in bounded number."""

from __future__ import annotations

import threading
import time

import pytest

from inference.stream.deadline import MOST_ABANDONED, Deadline, OutOfTime


def test_what_the_call_does_is_what_one_gets() -> None:
    """Its answer, also None, or its error."""
    deadline = Deadline()
    assert deadline.call(lambda: 7, 60) == 7
    assert deadline.call(lambda: None, 60) is None
    with pytest.raises(ZeroDivisionError):
        deadline.call(lambda: 1 // 0, 60)


def test_calls_that_hang_are_left_behind_up_to_a_bound() -> None:
    """Then none is made until one of them has ended."""
    deadline, release, made = Deadline(), threading.Event(), []

    def hang() -> None:
        made.append(threading.current_thread())
        release.wait(60)

    for _ in range(MOST_ABANDONED + 3):
        with pytest.raises(OutOfTime):
            deadline.call(hang, 0.01)
    assert len(made) == MOST_ABANDONED and all(thread.daemon for thread in made)
    release.set()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            assert deadline.call(lambda: 7, 60) == 7
            return
        except OutOfTime:
            time.sleep(0.01)
    pytest.fail("the calls that hung are over, but none is made")


def test_one_thread_serves_call_after_call_and_ends_when_idle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Threads are not made per call, and not kept for ever."""
    deadline = Deadline()
    used = {deadline.call(threading.current_thread, 60) for _ in range(50)}
    assert len(used) == 1 and used != {threading.current_thread()}
    monkeypatch.setattr("inference.stream.deadline.IDLE_SECONDS", 0.01)
    assert deadline.call(threading.current_thread, 60) in used  # from now on it waits less
    (thread,) = used
    thread.join(60)
    assert not thread.is_alive()
    assert deadline.call(lambda: 7, 60) == 7
