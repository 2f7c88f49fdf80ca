"""Settings from the environment: typed, bounded, named in every error."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from contract.environment import SettingsError, read, spare_loopback

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Seconds = Annotated[float, msgspec.Meta(ge=0.5)]


class Example(msgspec.Struct, frozen=True):
    """One of every kind."""

    url: str = msgspec.field(name="URL")
    port: Port = msgspec.field(name="PORT", default=8080)
    wait: Seconds = msgspec.field(name="WAIT", default=1.0)
    start: Literal["OLDEST", "NEWEST"] = msgspec.field(name="START", default="OLDEST")
    hosts: tuple[str, ...] = msgspec.field(name="HOSTS", default=())
    ports: tuple[Port, ...] = msgspec.field(name="PORTS", default=())
    on: bool = msgspec.field(name="ON", default=False)
    endpoint: str | None = msgspec.field(name="ENDPOINT", default=None)

    def __post_init__(self) -> None:
        if self.endpoint == self.url:
            raise ValueError("ENDPOINT and URL must differ")


def test_defaults_and_blanks() -> None:
    assert read(Example, {"URL": "u", "PORT": " ", "ENDPOINT": ""}) == Example("u")


def test_everything_set() -> None:
    environment = {"URL": " u ", "PORT": "7.0", "WAIT": "2", "START": "NEWEST", "HOSTS": "a, b,"}
    environment |= {"PORTS": "1,2", "ON": "True", "ENDPOINT": "e", "OTHER": "x"}
    assert read(Example, environment) == Example(
        "u", 7, 2.0, "NEWEST", ("a", "b"), (1, 2), True, "e"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("URL", "", "URL must be set to text"),
        ("PORT", "x", "PORT must be a whole number from 0 to 65535"),
        ("PORT", "1.5", "PORT must be a whole number from 0 to 65535"),
        ("PORT", "70000", "PORT must be a whole number from 0 to 65535"),
        ("WAIT", "nan", "WAIT must be a number from 0.5 up"),
        ("WAIT", "0.1", "WAIT must be a number from 0.5 up"),
        ("START", "MIDDLE", "START must be one of NEWEST, OLDEST"),
        ("PORTS", "1,x", "PORTS must be a list with commas, each a whole number from 0 to 65535"),
        ("ON", "perhaps", "ON must be true or false"),
        ("ENDPOINT", "u", "ENDPOINT and URL must differ"),
    ],
)
def test_a_bad_value_is_named_with_what_is_accepted(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        read(Example, {"URL": "u", name: value})
    assert caught.value.code == "settings"


class Outer(msgspec.Struct, frozen=True):
    """Settings in groups."""

    inner: Example
    name: str = msgspec.field(name="NAME", default="")


def test_a_group_is_read_from_the_same_variables() -> None:
    assert read(Outer, {"URL": "u", "NAME": "n", "inner": "x"}) == Outer(Example("u"), "n")
    with pytest.raises(SettingsError, match="PORT must be a whole number"):
        read(Outer, {"URL": "u", "PORT": "x"})


def test_no_value_is_repeated() -> None:
    """It may be a secret in the wrong variable."""
    with pytest.raises(SettingsError) as caught:
        read(Example, {"URL": "u", "PORT": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "direct"),
    [
        ({}, None),
        ({"NO_PROXY": "a"}, None),
        ({"HTTP_PROXY": "p"}, "127.0.0.1,localhost,[::1]"),
        ({"https_proxy": "p", "NO_PROXY": "a, localhost"}, "a,localhost,127.0.0.1,[::1]"),
        ({"ALL_PROXY": "p", "NO_PROXY": "a", "no_proxy": "b"}, "b,127.0.0.1,localhost,[::1]"),
        ({"HTTP_PROXY": "p", "no_proxy": "*"}, "*"),
    ],
)
def test_loopback_is_added_to_what_goes_direct(given: dict[str, str], direct: str | None) -> None:
    """Only where a proxy is set, in both spellings, once, and never instead of what stands there."""
    environment = dict(given)
    for _ in range(2):
        spare_loopback(environment)
        assert environment == given | (
            {} if direct is None else dict.fromkeys(("NO_PROXY", "no_proxy"), direct)
        )
