"""What stands before every address: key, rate, hosts, headers, methods; and the log behind."""

from __future__ import annotations

import base64

import pytest

from inference.web.errors import TooManyRequests
from inference.web.middleware.guard import MAX_CLIENTS, RateLimiter
from tests.inference.support.kinesis import event

KEY = "s3cret-key"


def basic(password: str) -> dict[str, str]:
    """The header a browser's password box sends."""
    return {"Authorization": "Basic " + base64.b64encode(f"any:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}, basic(KEY)]
)
def test_the_key_is_taken_in_three_ways(make_app, headers: dict[str, str]) -> None:
    """Given the right key in any of its places, the page and the API answer."""
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
        {"X-API-Key": "é"},
        basic("wrong"),
    ],
)
def test_a_missing_or_wrong_key_gets_nothing(make_app, headers: dict[str, str]) -> None:
    """Given no key or another one, everything but health and the page's own files is closed."""
    http = make_app(api_key=KEY).test_client()
    for path in ("/", "/model", "/openapi.json", "/no/such/address"):
        response = http.get(path, headers=headers)
        assert (response.status_code, response.get_json()["code"]) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"].startswith("Basic ")
    assert http.get("/health", headers=headers).status_code == 200
    assert http.get("/ready", headers=headers).status_code == 200


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
