"""One supervised process: started behind its guard, watched, stopped with everything it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from localcloud.errors import EnvironmentMissing, ServiceFailed
from localcloud.private import make_private

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_BYTES = 4096
_TAIL_LINES = 20


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """Return the last ``lines`` lines of a log, or nothing where there is none yet."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class Process:
    """A command behind a guard; its output is appended to ``log``.

    The guard ends the command when this object is stopped or when the process that holds it dies,
    in whatever way. The guard, not the command, inherits what ``hold`` names.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: int = signal.SIGTERM,
        grace_seconds: float = 10.0,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._environment = environment
        self._cwd = cwd
        self._stop = (stop_signal, grace_seconds)
        self._user = [f"--user={user}"] if user else []
        self._keep: tuple[int, ...] = ()
        self._guard: subprocess.Popen[bytes] | None = None
        self._lifeline: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The guard's process id, which is also its session's, or None when not started."""
        return self._guard.pid if self._guard else None

    @property
    def alive(self) -> bool:
        """Whether the command still runs."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The command's exit code (128 + n for signal n), or None while it runs."""
        return self._guard.poll() if self._guard else None

    def hold(self, descriptor: int) -> None:
        """Let the guard inherit one more descriptor; before ``start``."""
        self._keep += (descriptor,)

    def start(self) -> None:
        """Start the command; raises EnvironmentMissing when its program is not there."""
        if not Path(self._command[0]).exists():
            raise EnvironmentMissing(
                f"{self.name}: {self._command[0]} is not there; run `make setup`"
            )
        make_private(self.log.parent)
        number, grace = self._stop
        guard = [sys.executable, "-I", str(_GUARD), f"--signal={int(number)}", f"--grace={grace}"]
        with self.log.open("ab") as output:
            # Popen outlives this method by design: stop() ends it.
            self._guard = subprocess.Popen(  # pylint: disable=consider-using-with
                [*guard, *self._user, "--", *self._command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self._environment) if self._environment is not None else None,
                cwd=self._cwd,
                start_new_session=True,
                pass_fds=self._keep,
            )
        self._lifeline = self._guard.stdin

    def wait(self, seconds: float) -> int:
        """Wait for the command's own end, stop it past the deadline; return its exit code."""
        if self._guard is not None:
            try:
                self._guard.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        code = self.stop()
        return 0 if code is None else code

    def wait_ready(self, ready: Callable[[], bool], deadline_seconds: float) -> None:
        """Poll ``ready`` until it holds; raises ServiceFailed with the log's end when it never does."""
        deadline = time.monotonic() + deadline_seconds
        while not ready():
            reason = ""
            if not self.alive:
                reason = f"ended with exit code {self.exit_code}"
            elif time.monotonic() > deadline:
                reason = f"was not ready after {deadline_seconds:.0f} s"
            if reason:
                raise ServiceFailed(self.name, reason, self.log, tail(self.log))
            time.sleep(0.05)

    def stop(self) -> int | None:
        """End the command and all below it; return its exit code (None when never started)."""
        if self._guard is None:
            return None
        if self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None
        # The guard needs at most two grace periods (group, then orphans); past that it is broken
        # itself.
        try:
            return self._guard.wait(self._stop[1] * 2 + 5)
        except subprocess.TimeoutExpired:
            os.killpg(self._guard.pid, signal.SIGKILL)
            return self._guard.wait()
