"""What stands before every address: key, rate, hosts, headers, methods; and the log behind."""

from __future__ import annotations

import base64
import io
import json
import logging

import pytest
from flask.testing import FlaskClient

from contract.environment import SettingsError
from inference.web.errors import TooManyRequests
from inference.web.middleware.guard import MAX_CLIENTS, RateLimiter
from inference.web.middleware.journal import JsonFormatter
from inference.web.web_settings import WebSettings, read_web_settings
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


def test_a_key_never_shows_in_the_settings() -> None:
    """Given a key, the settings' text does not hold it."""
    assert KEY not in repr(WebSettings(api_key=KEY))


def test_every_answer_has_the_security_headers(http: FlaskClient) -> None:
    """Given a page, an answer, an error or a file, no header is missing and none is loosened."""
    style = http.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    for path in ("/", "/health", "/no/such/address", style):
        headers = http.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers.get_all("Cache-Control") == [
            "public, max-age=31536000, immutable" if path == style else "no-store"
        ]
    assert "Strict-Transport-Security" not in http.get("/health").headers
    secure = http.get("/health", base_url="https://127.0.0.1")
    assert "Strict-Transport-Security" in secure.headers


def test_the_page_needs_no_inline_script_or_style(http: FlaskClient) -> None:
    """Given the page, nothing in it would be blocked by its own policy."""
    page = http.get("/").text
    assert "style=" not in page and "<style" not in page and "onclick" not in page
    assert page.count("<script") == 1 and 'src="/static/' in page
    assert "https://" not in page


def test_another_host_name_is_refused(http: FlaskClient) -> None:
    """Given a request for a foreign name (DNS rebinding), the loopback service refuses it."""
    assert http.get("/health", headers={"Host": "localhost:8080"}).status_code == 200
    response = http.get("/health", headers={"Host": "evil.example"})
    assert response.status_code == 400


def test_a_wrong_method_names_the_right_ones(http: FlaskClient) -> None:
    """Given a method the address does not know, the answer lists those it does."""
    response = http.get("/predict")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_an_unexpected_failure_shows_nothing(http: FlaskClient, monkeypatch, caplog) -> None:
    """Given a defect, neither the answer nor the log holds what was typed."""

    def fail(*_: object) -> None:
        raise ValueError("canary-4711")

    monkeypatch.setattr("inference.web.service.score", fail)
    response = http.post("/predict", json=event("canary-4711"))
    assert (response.status_code, response.get_json()["code"]) == (500, "internal")
    assert "canary" not in response.text and "canary" not in caplog.text
    assert "ValueError" in caplog.text


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


def test_settings_are_safe_by_default_and_stricter_when_reachable() -> None:
    """Given nothing, loopback only; given another address, a rate limit and any host name."""
    assert read_web_settings({}) == WebSettings()
    open_ = read_web_settings({"WEB_HOST": "0.0.0.0"})
    assert (open_.loopback, open_.rate_limit, open_.trusted_hosts) == (False, 50, ())
    named = read_web_settings({"WEB_HOST": "0.0.0.0", "WEB_TRUSTED_HOSTS": "a.example, b.example"})
    assert named.trusted_hosts == ("a.example", "b.example")
    assert read_web_settings({"WEB_RATE_LIMIT": "7.5"}).rate_limit == 7.5


@pytest.mark.parametrize(
    ("name", "value"), [("WEB_PORT", "http"), ("WEB_PORT", "70000"), ("WEB_MAX_BATCH", "nan")]
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    """Given nonsense in a variable, the error names the variable and what it accepts."""
    with pytest.raises(SettingsError, match=f"{name} must be a whole number from"):
        read_web_settings({name: value})


def test_the_log_holds_no_personal_data(make_app) -> None:
    """Given canary values in every part of requests, no log line at any level shows them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        http = make_app(api_key=KEY).test_client()
        key = {"X-API-Key": KEY, "User-Agent": "canary-agent", "Referer": "http://canary/"}
        http.post("/predict?canary=1", json=event("canary-id", note="canary"), headers=key)
        http.post("/predict", json={"student_id": "canary", "student": "canary"}, headers=key)
        http.post("/", data={"Absences": "canary", "try": "canary=canary"}, headers=key)
        http.post("/predict/csv", data="canary,csv\n1,2", content_type="text/csv", headers=key)
        http.get("/predictions/canary", headers=key)
        http.get("/model", headers={"X-API-Key": "canary"})
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    own = [line for line in lines if line["message"] == "request"]
    assert [(line["route"], line["status"]) for line in own] == [
        ("/predict", 200),
        ("/predict", 422),
        ("/", 422),
        ("/predict/csv", 422),
        (None, 404),
        ("/model", 401),
    ]
    assert "canary" not in stream.getvalue() and KEY not in stream.getvalue()
