"""What the local cloud keeps is its owner's alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localcloud.lock import StateLock
from localcloud.private import make_private, write_private
from localcloud.state_file import write_variables


def mode(path: Path) -> int:
    """Return a path's permission bits."""
    return path.stat().st_mode & 0o777


def test_folders_and_files_are_closed_to_others(tmp_path: Path) -> None:
    """GIVEN a generous umask THEN folders and files are the owner's alone."""
    before = os.umask(0)
    try:
        make_private(tmp_path / "new")
        write_private(tmp_path / "file", b"x")
        write_variables(tmp_path, {"DATABASE_URL": "secret"})
    finally:
        os.umask(before)
    assert mode(tmp_path / "new") == 0o700
    assert mode(tmp_path / "file") == mode(tmp_path / "env") == 0o600


def test_a_folder_of_an_earlier_version_is_closed(tmp_path: Path) -> None:
    """GIVEN a folder that everybody may read THEN making it private closes it."""
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert mode(tmp_path) == 0o700


@pytest.mark.parametrize(("user", "expected"), [(0, 0o711), (1000, 0o700)])
def test_the_state_directory_lists_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, expected: int
) -> None:
    """GIVEN a state directory in use THEN others cannot list it; as root Postgres's user may pass."""
    monkeypatch.setattr("os.geteuid", lambda: user)
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    StateLock(state).release()
    assert mode(state) == expected and mode(state / "lock") == 0o600
