"""Who may ask, and how often: the optional key, and a token bucket per caller."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from flask import Flask, Request, Response, request

from inference.web.errors import TooManyRequests, Unauthorized
from inference.web.middleware.session import Sessions, same
from inference.web.web_settings import WebSettings

UNLIMITED = frozenset({"status.health", "status.ready", "assets.asset"})
"""What a load balancer and the sign-in page need before any key is known."""

OPEN = UNLIMITED | {"sign_in.ask", "sign_in.enter", "sign_in.leave"}

MAX_CLIENTS = 10_000
"""Buckets kept; the client seen longest ago is forgotten first, so memory stays bounded."""


def guard(app: Flask, settings: WebSettings) -> None:
    """Let a request of ``app`` pass only within its caller's rate and with key or session."""
    limiter = RateLimiter(settings.rate_limit)
    sessions = Sessions(settings.api_key)

    @app.before_request
    def check() -> Response | None:
        if request.endpoint in UNLIMITED:
            return None
        if settings.rate_limit > 0:
            limiter.spend(caller(request, settings.caller_header))
        if not settings.api_key or request.endpoint in OPEN:
            return None
        if offered(request, settings.api_key) or sessions.known(request):
            return None
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            return Response(status=303, headers={"Location": "/sign-in"})
        raise Unauthorized()

    app.jinja_env.globals["signed_in"] = bool(settings.api_key)


def offered(asked: Request, key: str) -> bool:
    """Whether a program sends ``key``: as X-API-Key, or as a bearer token."""
    header = asked.headers.get("X-API-Key")
    if header is None:
        authorization = asked.authorization
        bearer = authorization is not None and authorization.type == "bearer"
        header = authorization.token or "" if authorization is not None and bearer else ""
    return same(header, key)


def caller(asked: Request, header: str) -> str:
    """Return who asks, for limits: the address, of IPv6 the network that one line gets.

    ``header`` is what a proxy in front says it by, as ADDRESS:PORT (CloudFront-Viewer-Address).
    """
    told = asked.headers.get(header, "").rpartition(":")[0] if header else ""
    address = told.strip("[]") or asked.remote_addr or ""
    try:
        number = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((number, 64), strict=False)) if number.version == 6 else address


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
