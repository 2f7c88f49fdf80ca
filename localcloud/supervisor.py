"""The process behind ``make up``: owns the stack, restarts what crashes, ends with SIGTERM."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.service import Service
from localcloud.stack import Options, Stack
from localcloud.state_file import Entry, Phase, StateFile, clear, write_state_file, write_variables

_LOG = logging.getLogger("supervisor")
_CHECK_SECONDS = 0.5
_MAXIMUM_RESTARTS = 5
_RESTART_PERIOD = 600.0
_LONGEST_PAUSE = 10.0


class Interrupted(LocalCloudError):
    """A signal came while the stack was starting."""

    code = "local.interrupted"


class Supervisor:
    """Runs one stack until told to stop."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        stack.on_ready = self.ready
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._entries = {
            name: Entry(name, "starting", service.url, str(service.log), note=service.note)
            for name, service in stack.services.items()
        }
        self._restarts: dict[str, list[float]] = {name: [] for name in stack.services}
        self._phase: Phase = "starting"
        self._error = ""

    def _publish(self) -> None:
        with self._lock:
            for name, entry in self._entries.items():
                process = self._stack.services[name].process
                entry.pid = process.pid if process else None
            entries = list(self._entries.values())
            write_state_file(
                self._stack.state, StateFile(os.getpid(), self._phase, entries, self._error)
            )

    def ready(self, service: Service) -> None:
        """Note that a service can be used."""
        self._entries[service.name].state = "ready"
        self._publish()

    def _on_signal(self, *_: object) -> None:
        self._stopping.set()
        if self._phase == "starting":
            # Leaves Stack.start wherever it waits; it stops what it has started.
            raise Interrupted("stopped while starting")

    def run(self) -> int:
        """Start, watch, stop; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        # Until this process has ended, so that nobody else's state file is taken for this one's.
        self._stack.acquire().keep()
        try:
            self._publish()
            self._stack.start()
            write_variables(self._stack.state, self._stack.environment)
            self._set("ready")
            while not self._stopping.wait(_CHECK_SECONDS):
                self._revive()
            self._set("stopping")
            self._stack.stop()
        except (LocalCloudError, OSError) as error:
            self._stack.stop()
            self._error = str(error)
            self._set("failed")
            _LOG.error("%s", error)
            return 1
        finally:
            # Whatever ended it, nobody is sent to an address where nothing listens.
            self._stack.stop()
            (self._stack.state / "env").unlink(missing_ok=True)
        clear(self._stack.state)
        return 0

    def _set(self, phase: Phase) -> None:
        self._phase = phase
        self._publish()

    def _revive(self) -> None:
        for name, entry in self._entries.items():
            service = self._stack.services[name]
            if service.process is None or service.process.alive or entry.state == "stopped":
                continue
            _LOG.error("%s ended with exit code %s", name, service.process.exit_code)
            now = time.monotonic()
            recent = [moment for moment in self._restarts[name] if now - moment < _RESTART_PERIOD]
            if len(recent) >= _MAXIMUM_RESTARTS:
                entry.state, entry.note = "stopped", f"crashed {len(recent) + 1} times, see its log"
                self._publish()
                continue
            self._restarts[name] = [*recent, now]
            entry.state, entry.restarts = "restarting", entry.restarts + 1
            self._publish()
            self._stopping.wait(min(2.0 ** len(recent) - 1, _LONGEST_PAUSE))
            try:
                self._stack.bring_up(service)
            except (LocalCloudError, OSError) as error:
                # It may run and yet be of no use: stopped, it is found ended and started again.
                _LOG.error("%s did not come back: %s", name, error)
                service.process.stop()


def main(state: Path, services: list[str], options: Options) -> int:
    """Run a supervisor for ``state`` in this process."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout
    )
    started = time.monotonic()
    supervisor = Supervisor(Stack(state, services=services, options=options))
    code = supervisor.run()
    _LOG.info("ended after %.0f s with exit code %d", time.monotonic() - started, code)
    return code
