"""Who may ask, and how often: the optional API key, and a token bucket per client."""

import hmac
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from flask import Flask, Request, request

from inference.web.errors import TooManyRequests, Unauthorized
from inference.web.web_settings import WebSettings

OPEN = frozenset({"status.health", "status.ready", "assets.asset"})
"""What a load balancer and a password box need before any key is known."""

MAX_CLIENTS = 10_000
"""Buckets kept; the client seen longest ago is forgotten first, so memory stays bounded."""


def guard(app: Flask, settings: WebSettings) -> None:
    """Let a request of ``app`` pass only within its client's rate and with the right key."""
    limiter = RateLimiter(settings.rate_limit)

    @app.before_request
    def check() -> None:
        if request.endpoint not in OPEN:
            limiter.spend(request.remote_addr or "")
            check_key(request, settings.api_key)


def check_key(asked: Request, key: str) -> None:
    """Raise Unauthorized unless ``asked`` offers ``key``; an empty key asks for nothing."""
    if key and not hmac.compare_digest(_offered(asked).encode(), key.encode()):
        raise Unauthorized()


def _offered(asked: Request) -> str:
    header = asked.headers.get("X-API-Key")
    if header is not None:
        return header
    authorization = asked.authorization
    if authorization is None:
        return ""
    # A browser's own password box speaks Basic: with it the page works as it is, also without
    # JavaScript, and the key is never part of a page, an address or a stored setting.
    if authorization.type == "basic":
        return authorization.password or ""
    return authorization.token or "" if authorization.type == "bearer" else ""


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
