"""Who leaves when it is crowded, and when time is up."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from inference.web.connections import REQUEST_SECONDS, close_late, make_room


def connection(address: str, since: float, waiting: bool = True, begun: bool = True) -> Any:
    """A connection that has waited since then."""
    return SimpleNamespace(
        addr=(address, 1),
        since=since,
        waiting=waiting,
        request=object() if begun else None,
        will_close=False,
    )


def server(*connections: Any) -> Any:
    """A server that holds them."""
    return SimpleNamespace(active_channels=dict(enumerate(connections)))


def left(*connections: Any) -> list[int]:
    """Which of them have to leave."""
    return [number for number, each in enumerate(connections) if each.will_close]


def test_the_longest_waiting_of_the_greediest_leaves() -> None:
    """Given a crowd, one of the address with the most leaves, however long others have waited."""
    held = [connection("a", 1), connection("b", 9), connection("b", 5), connection("b", 7)]
    make_room(server(*held), crowd=3)
    assert left(*held) == [2]


def test_nobody_leaves_who_is_being_answered_or_while_there_is_room() -> None:
    """Given room, or only connections with a request in work, nobody leaves."""
    held = [connection("a", 1), connection("a", 2)]
    make_room(server(*held), crowd=2)
    assert not left(*held)
    busy = [connection("a", 1, waiting=False), connection("a", 2, waiting=False)]
    make_room(server(*busy), crowd=1)
    assert not left(*busy)


def test_a_request_has_so_long_to_arrive() -> None:
    """Given a request that drips in, its connection closes after the deadline, others stay."""
    now = time.monotonic()
    late, early = now - REQUEST_SECONDS - 1, now - REQUEST_SECONDS + 1
    held = [
        connection("a", late),
        connection("b", early),
        connection("c", late, begun=False),
        connection("d", late, waiting=False),
    ]
    close_late(server(*held), now)
    assert left(*held) == [0]
