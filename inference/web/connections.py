"""Connections that are slow on purpose: each has a deadline, and never do they keep others out.

waitress closes a connection that is silent, but one that sends a byte now and then may stay for
ever, and once its limit is reached it accepts nobody. Here a request has so long to arrive as a
whole, and in a crowd whoever came last gets in: the longest waiting connection of the address with
the most of them leaves.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer

REQUEST_SECONDS = 60.0
CROWD = 400
"""Connections at once; below waitress' own limit, at which it stops to accept."""


class Connection(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows since when its client has been waited for."""

    def __init__(self, server: Any, *arguments: Any, **more: Any) -> None:
        self.since = time.monotonic()
        super().__init__(server, *arguments, **more)
        make_room(server)

    @property
    def waiting(self) -> bool:
        """Whether it is the client's turn: to send, or to read what is ready."""
        return not (self.requests or self.will_close)

    def received(self, data: bytes) -> bool:
        """Take what arrived; a request's time begins with its first byte."""
        if self.request is None:
            self.since = time.monotonic()
        return bool(super().received(data))


def make_room(server: Any, crowd: int = CROWD) -> None:
    """Close one connection if ``server`` holds more than ``crowd``."""
    if len(server.active_channels) <= crowd:
        return
    waiting = [each for each in server.active_channels.values() if each.waiting]
    if waiting:
        held = Counter(each.addr[0] for each in waiting)
        most, _ = held.most_common(1)[0]
        oldest = min(
            (each for each in waiting if each.addr[0] == most), key=lambda each: each.since
        )
        oldest.will_close = True


def close_late(server: Any, now: float) -> None:
    """Close every connection whose request has not arrived in time."""
    for each in server.active_channels.values():
        if each.waiting and each.request is not None and now - each.since > REQUEST_SECONDS:
            each.will_close = True


def guard_connections(server: Any) -> None:
    """Put the deadline and the crowd's rule on a server of waitress, or on each of several."""
    several = isinstance(server, MultiSocketServer)
    for each in server.map.values() if several else [server]:
        if isinstance(each, BaseWSGIServer):
            each.channel_class = Connection
            each.maintenance = _with_deadline(each, each.maintenance)


def _with_deadline(server: Any, maintenance: Callable[[float], None]) -> Callable[[float], None]:
    def both(now: float) -> None:
        close_late(server, time.monotonic())
        maintenance(now)

    return both
