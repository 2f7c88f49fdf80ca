"""What every service has in common: process, address, readiness check, variables for others."""

import http.client
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from localcloud.configuration import REPOSITORY
from localcloud.errors import ServiceFailed
from localcloud.lock import StateLock
from localcloud.ports import LOOPBACK, free_port
from localcloud.private import make_private
from localcloud.process import Process

# Proxies and personal AWS settings would send loopback traffic, or real credentials, elsewhere.
_DROPPED = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "AWS_PROFILE",
)


def answers(port: int, path: str) -> bool:
    """Tell whether GET ``path`` on loopback answers with a 2xx status."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def base_environment(**variables: str) -> dict[str, str]:
    """Return ``variables`` and this process's own but those that lead a service off loopback."""
    environment = {key: value for key, value in os.environ.items() if key not in _DROPPED}
    environment.update(
        NO_PROXY="127.0.0.1,localhost", PYTHONUNBUFFERED="1", AWS_EC2_METADATA_DISABLED="true"
    )
    environment.update(variables)
    return environment


def python_of(component: str) -> Path:
    """Return the interpreter of a component's environment (``""`` is the project's own)."""
    return REPOSITORY / f".venv{'-' if component else ''}{component}" / "bin" / "python"


class Service(ABC):
    """One server of the local cloud; subclasses say how to launch it and when it is ready.

    Use as a context manager, or call ``launch``, ``wait_ready`` and ``stop``; ``stop`` may be
    called at any time.
    """

    name = "service"
    preferred_port: int | None = None
    ready_seconds = 60.0

    def __init__(self, state: Path, *, usual_port: bool = False) -> None:
        self.state = state
        self.port = free_port(self.preferred_port if usual_port else None)
        self.process: Process | None = None
        self._stopped = False
        self._changing = threading.Lock()
        taken = usual_port and self.preferred_port not in (None, self.port)
        self.note = f"port {self.preferred_port} was taken" if taken else ""

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        """The file its output is appended to."""
        return self.state / "logs" / f"{self.name}.log"

    @property
    def directory(self) -> Path:
        """Where its data lives."""
        return self.state / self.name

    def environment(self) -> dict[str, str]:
        """Return the variables by which other programs find this server."""
        return {}

    def command(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        cwd: Path = REPOSITORY,
        grace_seconds: float = 10.0,
    ) -> Process:
        """Return ``command`` as this service's process, with its name and log."""
        return Process(
            self.name,
            command,
            log=self.log,
            environment=environment,
            cwd=cwd,
            grace_seconds=grace_seconds,
        )

    @abstractmethod
    def build(self, variables: Mapping[str, str]) -> Process:
        """Return the process to start, given every service's variables."""

    @abstractmethod
    def ready(self) -> bool:
        """Tell whether the server can be used now."""

    def launch(
        self, variables: Mapping[str, str] | None = None, lock: StateLock | None = None
    ) -> None:
        """Start the server without waiting for it; its guard shares ``lock``."""
        with self._changing:
            if self._stopped:
                raise ServiceFailed(self.name, "was stopped before it started", self.log, "")
            make_private(self.directory)
            process = self.build({**(variables or {}), **self.environment()})
            if lock is not None:
                process.hold(lock.fileno())
            process.start()
            self.process = process

    def wait_ready(self) -> None:
        """Wait until it can be used; raises ServiceFailed with the end of its log."""
        if self.process is not None:
            self.process.wait_ready(self.ready, self.ready_seconds)

    def stop(self) -> None:
        """Stop it and everything it started, for good; a launch under way elsewhere included."""
        with self._changing:
            self._stopped = True
            if self.process is not None:
                self.process.stop()

    def __enter__(self) -> Self:
        try:
            self.launch()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Program(Service, ABC):
    """A service that listens nowhere; ready once it has written its ready file."""

    @property
    def url(self) -> str:
        return ""

    @property
    def ready_file(self) -> Path:
        """What the program writes when it can be used."""
        return self.directory / "ready"

    def launch(
        self, variables: Mapping[str, str] | None = None, lock: StateLock | None = None
    ) -> None:
        """Start it; what an earlier run has written does not count."""
        self.ready_file.unlink(missing_ok=True)
        super().launch(variables, lock)

    def ready(self) -> bool:
        return self.ready_file.exists()
