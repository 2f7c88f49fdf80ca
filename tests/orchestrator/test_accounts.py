"""Mage's sign-in: never with a password everybody knows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contract.environment import SettingsError
from orchestrator import run
from orchestrator.accounts import SECRETS, signs_in

GIVEN = {name: "x" * 24 for name in SECRETS}


@pytest.mark.parametrize("value", ["0", "false", "False"])
def test_a_laptop_needs_no_secret(value: str) -> None:
    """Switched off, the sign-in needs nothing."""
    assert signs_in({"REQUIRE_USER_AUTHENTICATION": value}) is False


@pytest.mark.parametrize("switch", [{}, {"REQUIRE_USER_AUTHENTICATION": "1"}])
def test_signing_in_is_the_default(switch: dict[str, str]) -> None:
    """Unset means on, as with Mage itself."""
    assert signs_in(GIVEN | switch) is True


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", ["", "admin"])
def test_each_secret_is_needed(name: str, value: str) -> None:
    """A missing or short secret is named, its value is not."""
    with pytest.raises(SettingsError, match=f"{name} must have 20 characters at least"):
        signs_in(GIVEN | {name: value})


def test_the_server_does_not_start_without_them() -> None:
    """Mage as its image starts it, but without secrets, ends at once with one line."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.server", "start", str(run.PROJECT)],
        cwd=run.ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("settings: DEFAULT_OWNER_PASSWORD must have")
