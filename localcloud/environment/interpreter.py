"""The Pythons of this machine, and which of them an environment gets."""

from __future__ import annotations

import functools
import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

OLDEST = (3, 11)
NEWEST = (3, 13)
"""The interpreters the lock files were installed and imported on: 3.11, 3.12 and 3.13."""


class SetupError(Exception):
    """Setup cannot go on; the message says what to do."""


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
    """Yield where Pythons may be: this one, then, older first, PATH's, pyenv's and uv's.

    Not left to uv: it gives up at the first of pyenv's shims that stands for no chosen version.
    """
    yield sys.executable
    folders = (
        os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")) + "/versions",
        os.path.expanduser("~/.local/share/uv/python"),
    )
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        name = f"python3.{minor}"
        if path := shutil.which(name):
            yield path
        for folder in folders:
            # Of a folder that cannot be read this finds nothing, where pathlib's glob raises.
            yield from sorted(glob.glob(f"{glob.escape(folder)}/*/bin/{name}"))


@functools.lru_cache(maxsize=None)
def interpreters() -> tuple[Interpreter, ...]:
    """Return the Pythons of this machine, the one that runs this first."""
    known = (look_at(path) for path in candidates())
    return tuple(dict.fromkeys(interpreter for interpreter in known if interpreter))


def choose(name: str, newest: tuple[int, int], oldest: tuple[int, int] = OLDEST) -> Interpreter:
    """Return the first Python that an environment's lock file installs on; SetupError without one."""
    for interpreter in interpreters():
        if oldest <= interpreter.version[:2] <= newest:
            return interpreter
    first, last = (".".join(map(str, version)) for version in (oldest, newest))
    wanted = last if first == last else f"{first} to {last}"
    here = ", ".join(interpreter.text for interpreter in interpreters()) or "none"
    raise SetupError(
        f"{name} needs Python {wanted} with its venv module; found: {here}. "
        f"Install one (Debian: apt-get install python{last}-venv) so that it is on PATH."
    )
