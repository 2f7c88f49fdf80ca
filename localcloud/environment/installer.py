"""Installing: uv bootstrapped by pip, then every environment side by side."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from localcloud.environment.component import PROJECT, ROOT, Component, interpreter_for
from localcloud.environment.errors import SetupError
from localcloud.environment.index import index_settings
from localcloud.environment.interpreter import Interpreter, look_at

UV = r"^uv==.*(?:\n    --hash=.*)+"
"""uv's lines in a lock file."""

_PROGRESS_SECONDS = 15.0

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
    """Return an error message for a failed step: what is wrong in words where that is known, then
    the output's end.
    """
    reason = next((words for sign, words in _REASONS if sign in output), "a step failed")
    if "reached" in reason:
        reason += " (set PIP_INDEX_URL, or pip's index-url, to one that can)"
    end = "\n".join(f"    {line}" for line in output.strip().splitlines()[-12:])
    return f"{component.name}: {reason}\n  {' '.join(command)}\n{end}"


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
            done = f"[{self._done}/{len(self._components)}]"
            print(f"{done} {elapsed:4.0f} s  {component.name}: {text}", flush=True)

    def run(
        self, component: Component, command: list[str], environment: dict[str, str] | None = None
    ) -> str:
        """Run one step; return its output. Raises SetupError with the reason and the end of the
        output.
        """
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
        """Make the environment without packages; anew where it is broken or of another Python."""
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
        """Return uv, installed by pip with its locked hashes where it is not there yet."""
        uv = PROJECT.python.with_name("uv")
        interpreter = interpreter_for(PROJECT)
        if look_at(str(PROJECT.python)) is None or not uv.exists():
            self.say(PROJECT, "bootstrapping uv")
            self.bare(PROJECT, interpreter)
            block = re.search(UV, (ROOT / PROJECT.lock).read_text(encoding="utf-8"), re.MULTILINE)
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
