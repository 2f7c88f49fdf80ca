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
