"""Setting up: which Python, when an environment is finished, what uv is told of pip's settings,
what errors say.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from localcloud.environment import component as components
from localcloud.environment import index, installer
from localcloud.environment.component import COMPONENTS, PROJECT, ROOT, Component
from localcloud.environment.errors import SetupError
from localcloud.environment.interpreter import Interpreter, look_at

HERE = Interpreter(sys.executable, sys.version_info[:3])
MAGE = COMPONENTS[0]


@pytest.fixture(name="component")
def component_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Component:
    """A finished environment in a repository of its own."""
    monkeypatch.setattr(components, "ROOT", tmp_path)
    (tmp_path / "lock.txt").write_text("uv==1 --hash=sha256:0\n")
    (tmp_path / ".venv-x" / "bin").mkdir(parents=True)
    (tmp_path / ".venv-x" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv-x" / "pyvenv.cfg").write_text(f"version = {HERE.text}\n")
    component = Component("x", ".venv-x", "lock.txt")
    component.finish(HERE)
    return component


def test_a_finished_environment_is_left_alone(component: Component) -> None:
    """GIVEN an environment with its stamp THEN it is finished."""
    assert component.finished()


@pytest.mark.parametrize(
    "damage", ["lock.txt", ".venv-x/.stamp", ".venv-x/pyvenv.cfg", ".venv-x/bin/python"]
)
def test_anything_missing_or_changed_makes_it_unfinished(
    component: Component, tmp_path: Path, damage: str
) -> None:
    """GIVEN another lock file, or a stamp, settings or interpreter that is gone THEN it is to be
    made again.
    """
    if damage == "lock.txt":
        (tmp_path / damage).write_text("uv==2 --hash=sha256:1\n")
    else:
        (tmp_path / damage).unlink()
    assert not component.finished()


def test_another_python_under_the_environment_makes_it_unfinished(
    component: Component, tmp_path: Path
) -> None:
    """GIVEN a stamp of another interpreter's version THEN the environment is to be made again."""
    component.finish(Interpreter("", (3, 11, 0)))
    (tmp_path / ".venv-x" / "pyvenv.cfg").write_text("version = 3.12.9\n")
    assert not component.finished()


def test_mage_gets_a_python_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a newest Python first and an older on PATH THEN Mage gets the older, the rest the
    first.
    """
    here = (Interpreter("new", (3, 13, 1)), Interpreter("old", (3, 12, 4)))
    monkeypatch.setattr(components, "interpreters", lambda: here)
    assert components.interpreter_for(PROJECT).path == "new"
    assert components.interpreter_for(MAGE).path == "old"


@pytest.mark.parametrize("version", [(3, 9, 2), (3, 14, 0)])
def test_no_fitting_python_says_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    """GIVEN only Pythons that are too old or too new THEN the error names what was found and what
    is needed.
    """
    monkeypatch.setattr(components, "interpreters", lambda: (Interpreter("x", version),))
    text = ".".join(map(str, version))
    with pytest.raises(
        SetupError, match=rf"(?s)orchestrator needs Python 3\.11 to 3\.12.*found: {text}"
    ):
        components.interpreter_for(MAGE)


def test_looking_at_a_python() -> None:
    """GIVEN this Python and something that is none THEN one has this version and the other is not
    there.
    """
    found = look_at(sys.executable)
    assert found is not None and found.version == sys.version_info[:3]
    assert look_at("/bin/false") is None and look_at("/nowhere/python") is None


@pytest.fixture(name="pip")
def pip_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pip configuration of the test's own, and none of this machine's variables."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name)
    path = tmp_path / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(path))
    return path


def test_pips_settings_are_passed_on(pip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an index, more of them and wheels in pip's file, another index in its environment THEN
    uv gets them.
    """
    pip.write_text(
        "[global]\nindex-url = http://127.0.0.1:1/a\nextra-index-url = http://127.0.0.1:1/b\n"
        "find-links = /x /y\ncert = /ca.pem\n"
    )
    found = index.index_settings(HERE)
    assert found["UV_DEFAULT_INDEX"] == "http://127.0.0.1:1/a"
    assert found["UV_INDEX"] == "http://127.0.0.1:1/b"
    assert found["UV_FIND_LINKS"] == "/x,/y"
    assert found["SSL_CERT_FILE"] == "/ca.pem"
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/c")
    assert index.index_settings(HERE)["UV_DEFAULT_INDEX"] == "http://127.0.0.1:1/c"


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_uvs_own_settings_win(pip: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """GIVEN pip's index and uv's, by either name THEN uv's is not overridden; nothing is invented
    without either.
    """
    pip.write_text("[global]\nindex-url = http://127.0.0.1:1/a\n")
    monkeypatch.setenv(name, "http://127.0.0.1:1/mine")
    assert "UV_DEFAULT_INDEX" not in index.index_settings(HERE)


@pytest.mark.usefixtures("pip")
def test_without_settings_uv_uses_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN no settings of pip THEN none is passed on, and uv downloads no Python."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    found = index.index_settings(HERE)
    assert not {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "SSL_CERT_FILE"} & set(found)
    assert found["UV_PYTHON_DOWNLOADS"] == "never"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("error: failed to write: No space left on device (os error 28)", "the disk is full"),
        ("error sending request for url (http://x/simple/uv/)", "no package index can be reached"),
        ("Hash mismatch for `numpy==1`", "other files than those that were locked"),
        ("ERROR: No matching distribution found for uv==1", "does not hold a locked version"),
        ("something else", "a step failed"),
    ],
)
def test_errors_say_what_is_wrong(output: str, words: str) -> None:
    """GIVEN an installer's output THEN the message holds the reason in words, the command and the
    output's end.
    """
    text = installer.explain(PROJECT, ["uv", "pip", "sync"], output)
    assert words in text and "uv pip sync" in text and output in text


def test_every_lock_file_is_hashed_and_names_no_index() -> None:
    """GIVEN the lock files THEN each pins by hash, none names an index, and the project's holds uv
    for the bootstrap.
    """
    for component in (PROJECT, *COMPONENTS, *components.ON_REQUEST):
        text = (ROOT / component.lock).read_text(encoding="utf-8")
        assert (
            "--hash=sha256:" in text
            and "--index-url" not in text
            and "://" not in re.sub("#.*", "", text)
        )
    assert re.search(installer.UV, (ROOT / PROJECT.lock).read_text(encoding="utf-8"), re.MULTILINE)
