"""Setting up: when an environment is finished, what uv is told of pip's settings, what errors say."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from localcloud.environment import installer
from localcloud.environment.installer import ENVIRONMENTS, PROJECT, ROOT, Environment, run
from localcloud.environment.interpreter import Interpreter, SetupError

HERE = Interpreter(sys.executable, sys.version_info[:3])


@pytest.fixture(name="environment")
def environment_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A finished environment in a repository of its own."""
    monkeypatch.setattr(installer, "ROOT", tmp_path)
    (tmp_path / "lock.txt").write_text("uv==1 --hash=sha256:0\n")
    (tmp_path / ".venv-x" / "bin").mkdir(parents=True)
    (tmp_path / ".venv-x" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv-x" / "pyvenv.cfg").write_text(f"version = {HERE.text}\n")
    environment = Environment("x", ".venv-x", "lock.txt")
    environment.stamp.write_text(environment.state())
    return environment


def test_a_finished_environment_is_left_alone(environment: Environment) -> None:
    """GIVEN an environment with its stamp THEN it is finished."""
    assert environment.finished()


@pytest.mark.parametrize(
    "damage", ["lock.txt", ".venv-x/.stamp", ".venv-x/pyvenv.cfg", ".venv-x/bin/python"]
)
def test_anything_missing_or_changed_makes_it_unfinished(
    environment: Environment, tmp_path: Path, damage: str
) -> None:
    """GIVEN another lock file, or a stamp, settings or interpreter that is gone THEN it is to be
    made again.
    """
    if damage == "lock.txt":
        (tmp_path / damage).write_text("uv==2 --hash=sha256:1\n")
    else:
        (tmp_path / damage).unlink()
    assert not environment.finished()


def test_another_python_under_the_environment_makes_it_unfinished(
    environment: Environment, tmp_path: Path
) -> None:
    """GIVEN an interpreter of another version than the stamp's THEN the environment is to be made again."""
    (tmp_path / ".venv-x" / "pyvenv.cfg").write_text("version = 3.12.9\n")
    assert not environment.finished()


@pytest.fixture(name="pip")
def pip_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pip configuration of the test's own, and none of this machine's variables."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name)
    path = tmp_path / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(path))
    return path


def index_settings() -> dict[str, str]:
    """Return what uv is told, as the pip of this Python reads its configuration."""
    return installer.index_settings(sys.executable)


def test_pips_settings_are_passed_on(pip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an index, more of them and wheels in pip's file, another index in its environment THEN
    uv gets them.
    """
    pip.write_text(
        "[global]\nindex-url = http://127.0.0.1:1/a\nextra-index-url = http://127.0.0.1:1/b\n"
        "find-links = /x /y\ncert = /ca.pem\n"
    )
    settings = index_settings()
    assert settings["UV_DEFAULT_INDEX"] == "http://127.0.0.1:1/a"
    assert settings["UV_INDEX"] == "http://127.0.0.1:1/b"
    assert settings["UV_FIND_LINKS"] == "/x,/y"
    assert settings["SSL_CERT_FILE"] == "/ca.pem"
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/c")
    assert index_settings()["UV_DEFAULT_INDEX"] == "http://127.0.0.1:1/c"


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_uvs_own_settings_win(pip: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """GIVEN pip's index and uv's, by either name THEN uv's is not overridden; nothing is invented
    without either.
    """
    pip.write_text("[global]\nindex-url = http://127.0.0.1:1/a\n")
    monkeypatch.setenv(name, "http://127.0.0.1:1/mine")
    assert "UV_DEFAULT_INDEX" not in index_settings()


@pytest.mark.usefixtures("pip")
def test_without_settings_uv_uses_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN no settings of pip THEN none is passed on."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    settings = index_settings()
    assert not {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "SSL_CERT_FILE"} & set(settings)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("error: failed to write: No space left on device (os error 28)", "the disk is full"),
        ("error sending request for url (http://x/simple/uv/)", "no package index can be reached"),
        ("Hash mismatch for `numpy==1`", "other files than those that were locked"),
        ("ERROR: No matching distribution found for uv==1", "does not hold a locked version"),
        ("ERROR: No version of uv==1 (from versions: none)", "no package index can be reached"),
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
    for environment in ENVIRONMENTS:
        text = (ROOT / environment.lock).read_text(encoding="utf-8")
        assert (
            "--hash=sha256:" in text
            and "--index-url" not in text
            and "://" not in re.sub("#.*", "", text)
        )
    assert re.search(installer.UV, (ROOT / PROJECT.lock).read_text(encoding="utf-8"), re.MULTILINE)


def test_a_failed_step_raises_with_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a step that says something and fails after a while THEN progress is said, and the error
    holds its words.
    """
    monkeypatch.setattr(installer, "_PROGRESS_SECONDS", 0.05)
    said: list[str] = []
    monkeypatch.setattr(installer, "say", lambda _, text: said.append(text))
    code = "import time; time.sleep(0.3); raise SystemExit('Hash mismatch')"
    with pytest.raises(SetupError, match="other files than those that were locked"):
        run(PROJECT, [sys.executable, "-c", code])
    assert said and set(said) == {"still installing"}


def test_a_link_to_another_environment_is_not_replaced(
    environment: Environment, tmp_path: Path
) -> None:
    """GIVEN a link to an environment of another Python THEN it is refused, not deleted."""
    (tmp_path / ".venv-x").rename(tmp_path / "elsewhere")
    (tmp_path / ".venv-x").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError, match="is a link"):
        installer.make_bare(environment, Interpreter("x", (3, 11, 0)))
    assert (tmp_path / "elsewhere" / "pyvenv.cfg").exists()
