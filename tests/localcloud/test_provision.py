"""The variables by which programs find what was provisioned."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.error import URLError
from urllib.request import proxy_bypass

import pytest
from botocore.exceptions import EndpointConnectionError

from localcloud import provision
from localcloud.configuration import load
from localcloud.errors import ProvisionFailed
from localcloud.provision import names
from localcloud.services.emulator import aws_variables
from localcloud.services.mailbox import identify


def test_names_follow_from_the_file() -> None:
    """GIVEN the local file THEN programs find bucket, streams and recipients by the agreed
    variables.
    """
    configuration = load()
    variables = names(configuration)
    assert variables["MODEL_BUCKET"] == configuration.model_bucket_name
    assert variables["STUDENTS_STREAM_NAME"] == configuration.students_stream_name
    assert variables["ALERT_RECIPIENTS"] == ",".join(configuration.alert_recipients)


def test_a_proxy_never_sees_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment `make` would set, nothing is needed."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    variables = aws_variables("http://127.0.0.1:1", "us-east-1", {})
    for use in (
        lambda: provision.client("kinesis", variables),
        lambda: identify("http://127.0.0.1:1"),
    ):
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "elsewhere.example")
        with suppress(URLError):
            use()
        assert proxy_bypass("127.0.0.1:1")


def test_an_endpoint_that_dies_is_an_error_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an emulator that dies meanwhile WHEN provisioned THEN ProvisionFailed names its address."""
    url = "http://127.0.0.1:9"

    def away(*_: object) -> Any:
        raise EndpointConnectionError(endpoint_url=url)

    monkeypatch.setattr(provision, "client", away)
    with pytest.raises(ProvisionFailed, match=url):
        provision.provision(load(), {"AWS_ENDPOINT_URL": url})
