"""The web service's settings: safe by default, named where they are wrong."""

from __future__ import annotations

import pytest

from contract.environment import SettingsError
from inference.web.web_settings import WebSettings, read_web_settings

KEY = "s3cret-key"


def test_a_key_never_shows_in_the_settings() -> None:
    """Given a key, the settings' text does not hold it."""
    assert KEY not in repr(WebSettings(api_key=KEY))


@pytest.mark.parametrize(
    "environment",
    [
        {"WEB_HOST": "0.0.0.0", "WEB_API_KEY": "short"},
        {"WEB_STREAMS": "1"},
        {"WEB_STREAMS": "1", "STUDENTS_STREAM_NAME": "students"},
    ],
)
def test_a_key_others_could_guess_and_streams_without_names_are_refused(environment) -> None:
    """Given a short key where others reach it, or streams without names, it does not start."""
    with pytest.raises(SettingsError, match="WEB_API_KEY must have 20|WEB_STREAMS needs"):
        read_web_settings(environment)


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
