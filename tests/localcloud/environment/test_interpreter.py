"""The Pythons of this machine: which are looked at, and which of them an environment gets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.environment import interpreter as interpreters
from localcloud.environment.installer import ENVIRONMENTS, PROJECT
from localcloud.environment.interpreter import Interpreter, SetupError, candidates, choose, look_at

NOBODY = 65534
MAGE = ENVIRONMENTS[1]
LOCALSTACK = ENVIRONMENTS[-1]


def test_mage_gets_a_python_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a newest Python first and an older on PATH THEN Mage gets the older, the rest the
    first.
    """
    here = (Interpreter("new", (3, 13, 1)), Interpreter("old", (3, 12, 4)))
    monkeypatch.setattr(interpreters, "interpreters", lambda: here)
    assert choose(PROJECT.name, PROJECT.newest).path == "new"
    assert choose(MAGE.name, MAGE.newest).path == "old"


def test_localstack_gets_no_older_python_than_it_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an older Python first THEN LocalStack gets the newer, or its error names that alone."""
    older, newer = Interpreter("old", (3, 12, 4)), Interpreter("new", (3, 13, 1))
    monkeypatch.setattr(interpreters, "interpreters", lambda: (older, newer))
    wanted = LOCALSTACK.name, LOCALSTACK.newest, LOCALSTACK.oldest
    assert choose(*wanted).path == "new"
    monkeypatch.setattr(interpreters, "interpreters", lambda: (older,))
    with pytest.raises(SetupError, match=r"localstack needs Python 3\.13 with .*found: 3\.12\.4"):
        choose(*wanted)


@pytest.mark.parametrize("version", [(3, 9, 2), (3, 14, 0)])
def test_no_fitting_python_says_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    """GIVEN only Pythons that are too old or too new THEN the error names what was found and what
    is needed.
    """
    monkeypatch.setattr(interpreters, "interpreters", lambda: (Interpreter("x", version),))
    text = ".".join(map(str, version))
    with pytest.raises(
        SetupError, match=rf"(?s)orchestrator needs Python 3\.11 to 3\.12.*found: {text}"
    ):
        choose(MAGE.name, MAGE.newest)


def test_looking_at_a_python() -> None:
    """GIVEN this Python and something that is none THEN one has this version and the other is not
    there.
    """
    here = look_at(sys.executable)
    assert here is not None and here.version == sys.version_info[:3]
    assert look_at("/bin/false") is None and look_at("/nowhere/python") is None


@pytest.fixture(name="closed")
def closed_fixture(tmp_path: Path) -> Iterator[Path]:
    """A folder this process cannot read, root included: meanwhile it is somebody else."""
    folder = tmp_path / "closed"
    (folder / "versions" / "3.11.1" / "bin").mkdir(parents=True)
    (folder / "versions" / "3.11.1" / "bin" / "python3.11").touch(mode=0o755)
    folder.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(user)
    folder.chmod(0o700)


def test_a_folder_that_cannot_be_read_is_skipped(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a folder on PATH and a PYENV_ROOT that are closed to this user THEN others are found."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(closed), "/usr/bin"]))
    monkeypatch.setenv("PYENV_ROOT", str(closed))
    found = list(candidates())
    assert found[0] == sys.executable
    assert not any(path.startswith(str(closed)) for path in found)


def test_pyenvs_pythons_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN Pythons below PYENV_ROOT alone THEN those in the supported range are looked at."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    for version in ("3.10", "3.12"):
        folder = tmp_path / "versions" / f"{version}.1" / "bin"
        folder.mkdir(parents=True)
        (folder / f"python{version}").touch()
    expected = tmp_path / "versions" / "3.12.1" / "bin" / "python3.12"
    assert str(expected) in list(candidates())
    assert not any("3.10" in path for path in candidates())
