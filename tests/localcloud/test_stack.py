"""Which services a stack knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.errors import ConfigurationError
from localcloud.stack import Stack


def test_an_unknown_service_is_refused(tmp_path: Path) -> None:
    """GIVEN a service nobody knows WHEN a stack is made THEN the error lists those there are."""
    with pytest.raises(ConfigurationError, match="no service redis; there are emulator, postgres"):
        Stack(tmp_path, services=("redis",))


def test_sdks_find_the_function_where_its_host_listens(tmp_path: Path) -> None:
    """GIVEN a stack with the Lambda host THEN the SDKs' own variable for Lambda names it."""
    stack = Stack(tmp_path, services=("lambda",))
    assert stack.environment["AWS_ENDPOINT_URL_LAMBDA"] == stack.services["lambda"].url
