"""The Pythons of this machine."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

OLDEST = (3, 11)
NEWEST = (3, 13)
"""The interpreters the lock files were installed and imported on: 3.11, 3.12 and 3.13."""


class Interpreter(NamedTuple):
    """A Python that works: its path and version."""

    path: str
    version: tuple[int, int, int]

    @property
    def text(self) -> str:
        """Its version as people write it."""
        return ".".join(str(part) for part in self.version)


def look_at(path: str) -> Interpreter | None:
    """Ask a Python for its version; None when it does not run, or cannot make environments."""
    code = "import ensurepip, venv, sys; print(*sys.version_info[:3], sys._base_executable)"
    try:
        answer = subprocess.run(
            [path, "-I", "-c", code], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, micro, executable = answer.stdout.split(maxsplit=3)
    return Interpreter(executable.strip(), (int(major), int(minor), int(micro)))


def candidates() -> Iterator[str]:
    """Yield where Pythons may be: this one, then, older first, PATH's, pyenv's and uv's."""
    yield sys.executable
    folders = (
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions",
        Path.home() / ".local" / "share" / "uv" / "python",
    )
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        name = f"python3.{minor}"
        if path := shutil.which(name):
            yield path
        for folder in folders:
            yield from map(str, sorted(folder.glob(f"*/bin/{name}")))


@functools.cache
def interpreters() -> tuple[Interpreter, ...]:
    """Return the Pythons of this machine, the one that runs this first."""
    found = (look_at(path) for path in candidates())
    return tuple(dict.fromkeys(interpreter for interpreter in found if interpreter))
