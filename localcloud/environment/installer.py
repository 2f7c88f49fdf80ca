"""One environment, made whole: its interpreter, uv, and the packages of its lock file."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from localcloud.environment.interpreter import (
    NEWEST,
    OLDEST,
    Interpreter,
    SetupError,
    choose,
    look_at,
)

ROOT = Path(__file__).resolve().parents[2]

NEWEST_FOR_MAGE = (3, 12)
"""Mage 0.9.80 pins pydantic 2.7, whose core has no wheel for Python 3.13 and would have to be built
with Rust.
"""

UV = r"^uv==.*(?:\n    --hash=.*)+"
"""uv's lines in a lock file."""

_FORMAT = "1"
_PROGRESS_SECONDS = 15.0
_STARTED = time.monotonic()

_NO_INDEX = (
    "no package index can be reached (set PIP_INDEX_URL, or pip's index-url, to one that can)"
)
_REASONS = (
    (r"No space left on device|os error 28", "the disk is full"),
    (r"dns error|error sending request|Connection refused|Max retries exceeded", _NO_INDEX),
    # pip, told to be quiet, says no more than that of an index that does not answer.
    (r"Name or service not known|Temporary failure in name resolution|versions: none", _NO_INDEX),
    (r"Hash mismatch", "the index holds other files than those that were locked"),
    (
        r"No matching distribution|not found in the package registry",
        "the package index does not hold a locked version",
    ),
)


class Environment(NamedTuple):
    """One environment: its folder, its lock file, and the newest and oldest Python it takes."""

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

    def state(self) -> str:
        """Return what a finished environment's stamp says: its lock file's sha256, its Python.

        make would compare times, which a checkout changes, and not see a Python that is gone.
        """
        digest = hashlib.sha256((ROOT / self.lock).read_bytes()).hexdigest()
        settings = (ROOT / self.folder / "pyvenv.cfg").read_text(encoding="utf-8")
        version = re.search(r"^version(?:_info)? = ([\d.]+)", settings, re.MULTILINE)
        return f"{_FORMAT} {digest} {version.group(1) if version else ''}\n"

    def finished(self) -> bool:
        """Tell, without starting anything, whether it is what its lock file asks for."""
        try:
            return self.python.exists() and self.stamp.read_text("utf-8") == self.state()
        except OSError:
            return False


PROJECT = Environment("project", ".venv", "requirements-project.txt")
ENVIRONMENTS = (
    PROJECT,
    Environment(
        "orchestrator", ".venv-orchestrator", "orchestrator/requirements.txt", NEWEST_FOR_MAGE
    ),
    Environment("mlflow", ".venv-mlflow", "orchestrator/tracking_server/requirements.txt"),
    Environment("emulator", ".venv-emulator", "localcloud/requirements-emulator.txt"),
    Environment("lint", ".venv-lint", "requirements-lint.txt"),
    # LocalStack 4.14.0 starts on older Pythons and then fails: 3.11 on the first CreateStream, 3.12
    # on the first ListBuckets.
    Environment(
        "localstack", ".venv-localstack", "localcloud/requirements-localstack.txt", oldest=(3, 13)
    ),
)


def say(environment: Environment, text: str) -> None:
    """Print one line of progress."""
    print(f"{time.monotonic() - _STARTED:4.0f} s  {environment.name}: {text}", flush=True)


def explain(environment: Environment, command: list[str], output: str) -> str:
    """Return a failed step's error: the reason in words where known, and the output's end."""
    reasons = (words for sign, words in _REASONS if re.search(sign, output))
    end = "\n".join(f"    {line}" for line in output.strip().splitlines()[-12:])
    return f"{environment.name}: {next(reasons, 'a step failed')}\n  {' '.join(command)}\n{end}"


def run(environment: Environment, command: list[str], **variables: str) -> None:
    """Run one step, saying now and then that it still runs; raises SetupError with the reason."""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, **variables},
    ) as process:
        while True:
            try:
                output, _ = process.communicate(timeout=_PROGRESS_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(environment, "still installing")
            except BaseException:
                process.terminate()
                raise
    if process.returncode:
        raise SetupError(explain(environment, command, output))


def make_bare(environment: Environment, interpreter: Interpreter) -> None:
    """Make the environment without packages; anew where it is broken or of another Python."""
    folder = ROOT / environment.folder
    environment.stamp.unlink(missing_ok=True)
    there = look_at(str(environment.python))
    if there is None or there.version != interpreter.version:
        if folder.is_symlink():
            raise SetupError(
                f"{folder} is a link; remove it or finish the environment it points to"
            )
        shutil.rmtree(folder, ignore_errors=True)
        run(environment, [interpreter.path, "-m", "venv", str(folder)])


def bootstrap() -> Path:
    """Return uv, which pip installs with its locked hashes where it is not there yet."""
    uv, interpreter = PROJECT.python.with_name("uv"), choose(PROJECT.name, PROJECT.newest)
    there = look_at(str(PROJECT.python))
    if uv.exists() and there and there.version == interpreter.version:
        return uv
    say(PROJECT, "bootstrapping uv")
    make_bare(PROJECT, interpreter)
    block = re.search(UV, (ROOT / PROJECT.lock).read_text("utf-8"), re.MULTILINE)
    if block is None:
        raise SetupError(f"{PROJECT.lock} holds no uv; compile it anew with `make lock`")
    lock = ROOT / PROJECT.folder / "uv.txt"
    lock.write_text(block.group(), encoding="utf-8")
    pip = [str(PROJECT.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # A personal constraints file has no hashes, which --require-hashes refuses.
    run(PROJECT, [*pip, "--require-hashes", "-r", str(lock)], PIP_CONSTRAINT=os.devnull)
    return uv


def index_settings(python: str) -> dict[str, str]:
    """Return uv's variables for what pip is told to use; uv reads no pip.conf, and its own win."""
    listing = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    lines = [line.partition("=") for line in listing.stdout.splitlines()]
    # From the lowest precedence to the highest.
    pip = {
        key[len(scope) :]: value.strip("'\"")
        for scope in ("global.", "install.", ":env:.")
        for key, _, value in lines
        if key.startswith(scope)
    }
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": pip.get("extra-index-url"),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_NO_INDEX": "1" if pip.get("no-index", "").lower() in ("1", "true", "yes") else None,
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "UV_HTTP_TIMEOUT": pip.get("timeout"),
        "SSL_CERT_FILE": pip.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE"),
        # As pip does: every index counts alike. The hashes in the lock files rule out a stranger's
        # package.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_NO_PROGRESS": "1",
    }
    older = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
    return {
        key: value
        for key, value in wanted.items()
        if value and key not in os.environ and older.get(key, key) not in os.environ
    }


def install(environment: Environment) -> None:
    """Make one environment whole, with the uv that ``bootstrap`` has put into the project's."""
    interpreter = choose(environment.name, environment.newest, environment.oldest)
    say(environment, f"installing {environment.lock} on Python {interpreter.text}")
    make_bare(environment, interpreter)
    # Without --compile-bytecode: it took 250 s where this takes 60; Python compiles what it imports.
    sync = [str(bootstrap()), "pip", "sync", "--quiet", "--require-hashes", "--python"]
    command = [*sync, str(environment.python), environment.lock]
    run(environment, command, **index_settings(str(PROJECT.python)))
    environment.stamp.write_text(environment.state(), encoding="utf-8")
    say(environment, "ready")
