"""Fixtures of the actions' tests."""

from typing import Any

import pytest

from monitoring import clients


@pytest.fixture(name="s3")
def _s3(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return clients.client("s3", None)
