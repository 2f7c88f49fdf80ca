#!/usr/bin/env python3
"""Create the virtual environment of each component: ``python3 infrastructure/local/environments.py [NAME...]``.

Mage, the MLflow server, the AWS emulator and the project itself pin packages against each other, so each has an environment
of its own, as each has a container of its own elsewhere. Installs are hash-checked against the locked requirements. An
environment carries a stamp (sha256 of its lock file and the interpreter's version), written last: a second call compares
stamps and is done, an interrupted one is taken up again.

Runs on the system's interpreter with the standard library alone, since it makes everything else.
"""

from __future__ import annotations

import argparse
import fcntl
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OLDEST = (3, 11)
NEWEST = (3, 13)
"""The interpreters the lock files were installed and imported on: 3.11, 3.12 and 3.13."""
NEWEST_FOR_MAGE = (3, 12)
"""Mage 0.9.80 pins pydantic 2.7, whose core has no wheel for Python 3.13 and would have to be built with Rust."""

_FORMAT = "1"
_PROGRESS_SECONDS = 15.0


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


class Component(NamedTuple):
    """One environment: its folder and lock file, relative to the repository, and the newest Python it takes."""

    name: str
    folder: str
    lock: str
    newest: tuple[int, int] = NEWEST

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
        """Tell, without starting anything, whether the environment is what its lock file asks for."""
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
    Component("mlflow", ".venv-mlflow", "infrastructure/local/requirements-mlflow.txt"),
    Component("emulator", ".venv-emulator", "infrastructure/local/requirements-emulator.txt"),
)
ON_REQUEST = (Component("lint", ".venv-lint", "requirements-lint.txt"),)


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
    """Yield where Pythons may be: this one, those on PATH, pyenv's and uv's; older versions first."""
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


def interpreter_for(component: Component) -> Interpreter:
    """Return the first Python that the component's lock file installs on; raises SetupError when there is none."""
    for interpreter in interpreters():
        if OLDEST <= interpreter.version[:2] <= component.newest:
            return interpreter
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST, component.newest))
    here = ", ".join(interpreter.text for interpreter in interpreters()) or "none"
    raise SetupError(
        f"{component.name} needs Python {oldest} to {newest} with its venv module; found: {here}. "
        f"Install one (Debian: apt-get install python{newest}-venv) so that it is on PATH."
    )


def index_settings(interpreter: Interpreter) -> dict[str, str]:
    """Return uv's variables for what pip is configured to use; uv reads no pip.conf.

    uv's own variables win where they are set.
    """
    listing = subprocess.run(
        [interpreter.path, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    pip: dict[str, str] = {}
    # Lowest to highest precedence is also the order pip lists them in: global, install, then the environment.
    for scope in ("global", "install", ":env:"):
        for line in listing.stdout.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(f"{scope}."):
                pip[key.removeprefix(f"{scope}.")] = value.strip("'\"")
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": pip.get("extra-index-url"),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_NO_INDEX": "1" if pip.get("no-index", "").lower() in ("1", "true", "yes") else None,
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "UV_HTTP_TIMEOUT": pip.get("timeout"),
        "SSL_CERT_FILE": pip.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE"),
        # As pip does: every index counts alike. The hashes in the lock files rule out a stranger's package.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
    }
    older = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
    return {
        key: value
        for key, value in wanted.items()
        if value and key not in os.environ and older.get(key, key) not in os.environ
    }


class Installer:
    """Makes environments side by side and says how far each is."""

    def __init__(self, components: list[Component]) -> None:
        self._components = components
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._done = 0
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._cancelled = False

    def say(self, component: Component, text: str) -> None:
        """Print one line of progress."""
        with self._lock:
            elapsed = time.monotonic() - self._started
            print(
                f"[{self._done}/{len(self._components)}] {elapsed:4.0f} s  {component.name}: {text}",
                flush=True,
            )

    def run(
        self, component: Component, command: list[str], environment: dict[str, str] | None = None
    ) -> str:
        """Run one step; return its output. Raises SetupError with the reason and the end of the output."""
        with self._lock:
            if self._cancelled:
                raise SetupError("interrupted")
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
            self._running[component.name] = process
        output, _ = process.communicate()
        if process.returncode:
            raise SetupError(explain(component, command, output))
        return output

    def cancel(self) -> None:
        """End what runs."""
        with self._lock:
            self._cancelled = True
            for process in self._running.values():
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)

    def bare(self, component: Component, interpreter: Interpreter) -> None:
        """Make the environment without packages, or anew where it is broken or of another Python."""
        folder = ROOT / component.folder
        component.stamp.unlink(missing_ok=True)
        there = look_at(str(component.python)) if component.python.exists() else None
        if there is None or there.version != interpreter.version:
            if folder.is_symlink():
                raise SetupError(
                    f"{folder} is a link; remove it or finish the environment it points to"
                )
            shutil.rmtree(folder, ignore_errors=True)
            self.run(component, [interpreter.path, "-m", "venv", str(folder)])

    def install(self, component: Component, uv: Path, settings: dict[str, str]) -> None:
        """Make one environment whole."""
        interpreter = interpreter_for(component)
        self.say(component, f"installing {component.lock} on Python {interpreter.text}")
        self.bare(component, interpreter)
        command = [
            str(uv),
            "pip",
            "sync",
            "--quiet",
            "--require-hashes",
            "--python",
            str(component.python),
        ]
        self.run(component, [*command, component.lock], settings)
        component.finish(interpreter)
        with self._lock:
            self._done += 1
        self.say(component, "ready")

    def bootstrap(self) -> Path:
        """Return uv, installed by pip with its locked version and hashes where it is not there yet."""
        uv = PROJECT.python.with_name("uv")
        interpreter = interpreter_for(PROJECT)
        if look_at(str(PROJECT.python)) is None or not uv.exists():
            self.say(PROJECT, "bootstrapping uv")
            self.bare(PROJECT, interpreter)
            block = re.search(
                r"^uv==.*(?:\n    --hash=.*)+", (ROOT / PROJECT.lock).read_text(), re.MULTILINE
            )
            if block is None:
                raise SetupError(f"{PROJECT.lock} holds no uv; compile it anew with `make lock`")
            lock = ROOT / PROJECT.folder / "uv.txt"
            lock.write_text(block.group(), encoding="utf-8")
            pip = [
                str(PROJECT.python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ]
            # A personal constraints file has no hashes, which --require-hashes refuses.
            self.run(
                PROJECT, [*pip, "--require-hashes", "-r", str(lock)], {"PIP_CONSTRAINT": os.devnull}
            )
        return uv

    def __call__(self) -> None:
        """Make every environment."""
        uv = self.bootstrap()
        settings = index_settings(interpreter_for(PROJECT))
        with ThreadPoolExecutor(len(self._components)) as pool:
            pending = {pool.submit(self.install, c, uv, settings): c for c in self._components}
            try:
                while pending:
                    done, _ = wait(pending, _PROGRESS_SECONDS, FIRST_COMPLETED)
                    for future in done:
                        pending.pop(future)
                        future.result()
                    if not done:
                        for component in pending.values():
                            self.say(component, "still installing")
            except BaseException:
                self.cancel()
                raise


_REASONS = (
    ("No space left on device", "the disk is full"),
    ("os error 28", "the disk is full"),
    ("dns error", "no package index can be reached"),
    ("error sending request", "no package index can be reached"),
    ("Name or service not known", "no package index can be reached"),
    ("Temporary failure in name resolution", "no package index can be reached"),
    ("Connection refused", "no package index can be reached"),
    ("Max retries exceeded", "no package index can be reached"),
    ("Hash mismatch", "the index holds other files than those that were locked"),
    ("No matching distribution", "the package index does not hold a locked version"),
    ("not found in the package registry", "the package index does not hold a locked version"),
)


def explain(component: Component, command: list[str], output: str) -> str:
    """Return an error message for a failed step: what is wrong in words where that is known, then the output's end."""
    reason = next((words for sign, words in _REASONS if sign in output), "a step failed")
    if "reached" in reason:
        reason += " (set PIP_INDEX_URL, or pip's index-url, to one that can)"
    end = "\n".join(f"    {line}" for line in output.strip().splitlines()[-12:])
    return f"{component.name}: {reason}\n  {' '.join(command)}\n{end}"


def set_up(names: Sequence[str]) -> None:
    """Make the standard environments, and those named besides; returns at once when all are finished."""
    wanted = [
        PROJECT,
        *COMPONENTS,
        *(component for component in ON_REQUEST if component.name in names),
    ]
    if all(component.finished() for component in wanted):
        return
    with (ROOT / ".setup.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another `make setup`", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [component for component in wanted if not component.finished()]
        if missing:
            Installer(missing)()


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Create the components' virtual environments.")
    names = [component.name for component in ON_REQUEST]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"also: {', '.join(names)}")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(
            f"no environment {', '.join(sorted(unknown))}; besides the standard ones there is {', '.join(names)}"
        )
    try:
        set_up(options.names)
    except SetupError as error:
        print(f"setup failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup interrupted; the next call goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
