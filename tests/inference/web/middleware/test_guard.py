"""What stands before every address: key, rate, hosts, headers, methods; and the log behind."""

from __future__ import annotations

import base64

import pytest
from flask import Request

from inference.web.errors import TooManyRequests
from inference.web.middleware.guard import MAX_CLIENTS, RateLimiter, caller
from tests.inference.support.kinesis import event

KEY = "s3cret-key"


@pytest.mark.parametrize("headers", [{"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}])
def test_a_program_sends_the_key_in_two_ways(make_app, headers: dict[str, str]) -> None:
    """Given the right key in either place, the page and the API answer."""
    http = make_app(api_key=KEY).test_client()
    assert http.get("/", headers=headers).status_code == 200
    assert http.post("/predict", json=event(), headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": KEY + "x"},
        {"Authorization": "Bearer"},
        {"Authorization": "Digest username=x"},
        {"Authorization": "Basic " + base64.b64encode(f"any:{KEY}".encode()).decode()},
        {"X-API-Key": "é"},
        {"Cookie": "session=" + KEY},
    ],
)
def test_a_missing_or_wrong_key_gets_nothing(make_app, headers: dict[str, str]) -> None:
    """Given no key or another one, everything but health and the page's own files is closed."""
    http = make_app(api_key=KEY).test_client()
    for path in ("/", "/model", "/openapi.json", "/events", "/predictions/x", "/no/such/address"):
        response = http.get(path, headers=headers)
        assert (response.status_code, response.get_json()["code"]) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    assert http.get("/health", headers=headers).status_code == 200
    assert http.get("/ready", headers=headers).status_code == 200


def test_a_browser_is_shown_where_to_sign_in(make_app) -> None:
    """Given a person without a session, a page leads to the sign-in; a POST does not."""
    http = make_app(api_key=KEY).test_client()
    html = {"Accept": "text/html,*/*;q=0.8"}
    for path in ("/", "/card"):
        response = http.get(path, headers=html)
        assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")
    assert http.post("/", headers=html).status_code == 401


@pytest.mark.parametrize(
    ("told", "remote", "expected"),
    [
        ("", "192.0.2.1", "192.0.2.1"),
        ("198.51.100.7:46532", "192.0.2.1", "198.51.100.7"),
        ("2001:db8:0:1::5:4711", "192.0.2.1", "2001:db8:0:1::/64"),
        ("[2001:db8:0:1::6]:4711", "192.0.2.1", "2001:db8:0:1::/64"),
        ("nonsense", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_caller_is_who_the_proxy_says(told: str, remote: str, expected: str) -> None:
    """Given a proxy that names the caller, limits count that; without, the address itself."""
    environ = {"REMOTE_ADDR": remote, "HTTP_CLOUDFRONT_VIEWER_ADDRESS": told}
    assert caller(Request(environ), "CloudFront-Viewer-Address") == expected
    assert caller(Request(environ), "") == remote


def test_limits_are_per_caller_not_per_proxy(make_app) -> None:
    """Given one proxy in front of two callers, one's flood does not stop the other."""
    http = make_app(rate_limit=0.01, caller_header="CloudFront-Viewer-Address").test_client()
    loud, quiet = ({"CloudFront-Viewer-Address": f"198.51.100.{n}:1"} for n in (1, 2))
    assert [http.get("/model", headers=loud).status_code for _ in range(11)][-1] == 429
    assert http.get("/model", headers=quiet).status_code == 200


def test_the_limiter_lets_bursts_pass_and_floods_wait() -> None:
    """Given 2 requests a second, a burst of 10 passes, the 11th waits, others are not affected."""
    now = [0.0]
    limiter = RateLimiter(2, clock=lambda: now[0])
    for _ in range(10):
        limiter.spend("a")
    with pytest.raises(TooManyRequests) as refusal:
        limiter.spend("a")
    assert refusal.value.retry_after == 1
    limiter.spend("b")
    now[0] += 0.5
    limiter.spend("a")
    with pytest.raises(TooManyRequests):
        limiter.spend("a")
    now[0] += 3600
    for _ in range(10):
        limiter.spend("a")
    with pytest.raises(TooManyRequests):
        limiter.spend("a")


def test_the_limiter_forgets_the_oldest_clients() -> None:
    """Given more clients than it keeps, the one seen longest ago starts anew."""
    limiter = RateLimiter(1, clock=lambda: 0.0)
    for _ in range(10):
        limiter.spend("first")
    for number in range(MAX_CLIENTS):
        limiter.spend(str(number))
    limiter.spend("first")


def test_too_many_requests_are_told_when_to_come_back(make_app) -> None:
    """Given a client over its rate, it gets 429 with Retry-After; health is never limited."""
    http = make_app(rate_limit=0.01).test_client()
    statuses = [http.get("/model").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert int(http.get("/model").headers["Retry-After"]) in range(1, 101)
    assert http.get("/health").status_code == 200
