"""The components and their environments."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from localcloud.environment.errors import SetupError
from localcloud.environment.interpreter import NEWEST, OLDEST, Interpreter, interpreters

ROOT = Path(__file__).resolve().parents[2]

NEWEST_FOR_MAGE = (3, 12)
"""Mage 0.9.80 pins pydantic 2.7, whose core has no wheel for Python 3.13 and would have to be built
with Rust.
"""

_FORMAT = "1"


class Component(NamedTuple):
    """One environment: its folder and lock file, relative to the repository, and the newest and
    oldest Python it takes.
    """

    name: str
    folder: str
    lock: str
    newest: tuple[int, int] = NEWEST
    oldest: tuple[int, int] = OLDEST

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return ROOT / self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """The file, written last, that says what the environment was made from."""
        return ROOT / self.folder / ".stamp"

    @property
    def digest(self) -> str:
        """The sha256 of the lock file."""
        return hashlib.sha256((ROOT / self.lock).read_bytes()).hexdigest()

    def finished(self) -> bool:
        """Tell, without starting anything, whether it is what its lock file asks for."""
        try:
            stamp = self.stamp.read_text(encoding="utf-8").split()
            settings = (ROOT / self.folder / "pyvenv.cfg").read_text(encoding="utf-8")
        except OSError:
            return False
        # The interpreter may have been upgraded or removed under the environment since.
        return (
            stamp == [_FORMAT, self.digest, *stamp[2:]]
            and self.python.exists()
            and f"version = {stamp[-1]}" in settings.replace("version_info", "version")
        )

    def finish(self, interpreter: Interpreter) -> None:
        """Write the stamp."""
        self.stamp.write_text(f"{_FORMAT} {self.digest} {interpreter.text}\n", encoding="utf-8")


PROJECT = Component("project", ".venv", "requirements-project.txt")
COMPONENTS = (
    Component(
        "orchestrator", ".venv-orchestrator", "orchestrator/requirements.txt", NEWEST_FOR_MAGE
    ),
    Component("mlflow", ".venv-mlflow", "orchestrator/tracking_server/requirements.txt"),
    Component("emulator", ".venv-emulator", "localcloud/requirements-emulator.txt"),
)
ON_REQUEST = (
    Component("lint", ".venv-lint", "requirements-lint.txt"),
    # LocalStack 4.14.0 starts on older Pythons and then fails: 3.11 on the first CreateStream, 3.12
    # on the first ListBuckets.
    Component(
        "localstack", ".venv-localstack", "localcloud/requirements-localstack.txt", oldest=(3, 13)
    ),
)


def interpreter_for(component: Component) -> Interpreter:
    """Return the first Python that the component's lock file installs on; raises SetupError when
    there is none.
    """
    for interpreter in interpreters():
        if component.oldest <= interpreter.version[:2] <= component.newest:
            return interpreter
    oldest, newest = (
        ".".join(map(str, version)) for version in (component.oldest, component.newest)
    )
    wanted = newest if oldest == newest else f"{oldest} to {newest}"
    here = ", ".join(interpreter.text for interpreter in interpreters()) or "none"
    raise SetupError(
        f"{component.name} needs Python {wanted} with its venv module; found: {here}. "
        f"Install one (Debian: apt-get install python{newest}-venv) so that it is on PATH."
    )
