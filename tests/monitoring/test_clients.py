"""AWS clients with patience, and the names of AWS's errors."""

from contextlib import suppress
from urllib.request import proxy_bypass

import pytest
from botocore.exceptions import ClientError

from monitoring.actions.mage_api import Mage
from monitoring.clients import client, error_code
from monitoring.errors import DeliveryError


def test_a_client_never_hangs_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a service WHEN its client is made THEN bounded waits and AWS's own retries."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = client("kinesis", "http://127.0.0.1:9").meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 20)
    assert config.retries["mode"] == "standard"


def test_a_proxy_never_sees_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a proxy in the environment WHEN a client is made or Mage is asked
    THEN what goes to this machine goes directly."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for use in (
        lambda: client("kinesis", "http://127.0.0.1:9"),
        lambda: Mage("http://127.0.0.1:1", "").status(1),
    ):
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "elsewhere.example")
        with suppress(DeliveryError):
            use()
        assert proxy_bypass("127.0.0.1:9")


@pytest.mark.parametrize(
    ("answer", "code"),
    [({"Error": {"Code": "NoSuchKey"}}, "NoSuchKey"), ({"Error": {}}, ""), ({}, "")],
)
def test_an_error_has_a_name_or_none(answer: dict[str, dict[str, str]], code: str) -> None:
    """GIVEN an answer of AWS WHEN its error's name is asked THEN it, or nothing."""
    assert error_code(ClientError(answer, "GetObject")) == code
