"""A token bucket per client: short bursts pass, a flood is told when to come back."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from inference.web.errors import TooManyRequests

MAX_CLIENTS = 10_000
"""Buckets kept; the client seen longest ago is forgotten first, so memory stays bounded."""


class RateLimiter:
    """Allow each client ``rate`` requests per second and bursts of twice that (at least 10).

    Clients are kept as opaque keys in memory only. ``clock`` returns seconds and never goes back.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = max(10.0, 2 * rate)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, client: str) -> None:
        """Take one token of ``client``; raises TooManyRequests with the seconds to wait."""
        if self._rate <= 0:
            return
        now = self._clock()
        with self._lock:
            tokens, then = self._buckets.pop(client, (self._burst, now))
            tokens = min(self._burst, tokens + (now - then) * self._rate)
            allowed = tokens >= 1
            self._buckets[client] = (tokens - 1 if allowed else tokens, now)
            if len(self._buckets) > MAX_CLIENTS:
                self._buckets.popitem(last=False)
        if not allowed:
            raise TooManyRequests(math.ceil((1 - tokens) / self._rate))
