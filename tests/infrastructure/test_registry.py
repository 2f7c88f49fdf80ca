"""`.ci/terraform check` asks the registry first, once and briefly; the stand-in is for its silence."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infrastructure.support.plans import REPOSITORY

REAL = "hashicorp/aws from the registry"
STAND_IN = "the Terraform registry cannot be reached"


class Tree:
    """A tree with nothing but .ci/terraform, and programs that write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        (folder / ".ci").mkdir()
        shutil.copy(REPOSITORY / ".ci" / "terraform", folder / ".ci" / "terraform")
        self.program(".venv-lint/bin/python")

    def program(self, name: str, code: str = "exit 0") -> None:
        """Put a program into the tree."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{path.name} $*" >>{self.calls}\n{code}\n')
        path.chmod(0o755)

    def check(self) -> str:
        """Run the check and return what it says."""
        variables = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        done = subprocess.run(
            [str(self.folder / ".ci" / "terraform"), "check"],
            env=variables,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def called(self, program: str) -> list[str]:
        """Return the calls of a program so far."""
        lines = self.calls.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(f"{program} ")]


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    tree.program("bin/terraform")
    return tree


def test_the_real_provider_where_the_registry_answers(tree: Tree) -> None:
    tree.program("bin/curl")
    assert REAL in tree.check() and REAL in tree.check()
    assert any(" test " in call for call in tree.called("terraform"))
    assert not any("offline check" in call for call in tree.called("python"))
    assert len(tree.called("curl")) == 1


def test_the_stand_in_where_it_does_not_and_nobody_waits_twice(tree: Tree) -> None:
    tree.program("bin/curl", "exit 28")
    assert STAND_IN in tree.check() and STAND_IN in tree.check()
    assert tree.called("terraform") == []
    assert len(tree.called("curl")) == 1 and "--max-time 5" in tree.called("curl")[0]
    assert sum("offline check" in call for call in tree.called("python")) == 2


def test_the_stand_in_where_the_provider_cannot_be_fetched(tree: Tree) -> None:
    tree.program("bin/curl")
    tree.program("bin/terraform", "exit 1")
    assert STAND_IN in tree.check() and STAND_IN in tree.check()
    assert len(tree.called("terraform")) == 1


def test_the_registry_is_asked_again_after_a_day(tree: Tree) -> None:
    tree.program("bin/curl", "exit 28")
    tree.check()
    answer = tree.folder / "cache" / "student-performance" / "terraform" / "registry"
    os.utime(answer, (0, 0))
    tree.check()
    assert len(tree.called("curl")) == 2
