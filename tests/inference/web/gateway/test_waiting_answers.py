"""Answers wait to be fetched: bounded in number, bytes and age."""

from __future__ import annotations

from inference.web.gateway.waiting_answers import WaitingAnswers


def test_the_waiting_answers_are_bounded_in_number_bytes_and_age() -> None:
    """Given more than it holds, the oldest answers leave; the same id takes its own place."""
    now = [0.0]
    box = WaitingAnswers(max_answers=3, max_bytes=10, keep_seconds=60, clock=lambda: now[0])
    for name in "abcd":
        box.put(name, b"1")
    assert [box.get(name) for name in "abcd"] == [None, b"1", b"1", b"1"]
    box.put("b", b"22")
    box.put("e", b"3")
    assert [box.get(name) for name in "cbde"] == [None, b"22", b"1", b"3"]
    box.put("f", b"4" * 9)
    assert [box.get(name) for name in "bdef"] == [None, None, b"3", b"4" * 9]
    now[0] = 61
    assert box.get("f") is None
