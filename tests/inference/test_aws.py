"""The AWS clients keep the time limits the service counts on."""

from __future__ import annotations

import pytest

from inference import aws


@pytest.mark.parametrize(("service", "attempts"), [("kinesis", 1), ("s3", 2)])
def test_a_client_is_bounded_in_time(
    monkeypatch: pytest.MonkeyPatch, service: str, attempts: int
) -> None:
    """Given any client, one attempt ends in time and only so many are made."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = aws.client(service, attempts).meta.config
    assert config.connect_timeout + config.read_timeout == aws.ATTEMPT_SECONDS
    assert config.retries["total_max_attempts"] == attempts
