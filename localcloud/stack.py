"""The local cloud as one thing: services started together, provisioned, and stopped together."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from localcloud import configuration as configurations
from localcloud.errors import ConfigurationError
from localcloud.lock import StateLock
from localcloud.provision import names, provision
from localcloud.service import Service
from localcloud.services.emulator import Emulator, aws_variables
from localcloud.services.lambda_service import LambdaHost
from localcloud.services.mage import MageServer
from localcloud.services.mlflow import MlflowServer
from localcloud.services.monitoring import MonitoringWorker
from localcloud.services.postgres import Postgres, other_database
from localcloud.services.web import WebService

SERVERS = ("emulator", "postgres", "mlflow", "mage")
"""Need nothing of each other to start, so they start at once."""

CONSUMERS = ("lambda", "web", "monitoring")
"""Need the streams, the buckets and the database: started after the servers, stopped before them.
"""

ALL = (*SERVERS, *CONSUMERS)


@dataclass(frozen=True)
class Options:
    """How a stack differs from the usual one: variables, code behind the mapping, ports."""

    variables_file: Path = configurations.LOCAL_VARIABLES
    handler: str | None = None
    root: Path = configurations.REPOSITORY
    usual_ports: bool = False
    endpoint: str | None = None
    """An AWS endpoint to use instead of starting the emulator."""
    emulator: Callable[..., Service] = Emulator
    """What plays AWS where no endpoint is given."""


class Stack:
    """Every service of the local cloud, or some; gone when the block or this process ends.

        with Stack(directory, services=("emulator", "lambda")) as stack:
            stack.environment

    ``environment`` holds every variable other programs need. The emulator is always part of it;
    postgres is left out where DATABASE_URL names another. Two stacks in different state directories
    do not meet. Raises ConfigurationError for an unknown service, AlreadyRunning where the
    directory is in use, ServiceFailed with the end of the log for a service that does not start.
    """

    def __init__(
        self,
        state: Path = configurations.DEFAULT_STATE,
        *,
        services: Sequence[str] = ALL,
        on_ready: Callable[[Service], None] | None = None,
        options: Options = Options(),
    ) -> None:
        self.state = state.resolve()
        self._options = options
        self.configuration = configurations.load(self._options.variables_file)
        self.environment: dict[str, str] = names(self.configuration)
        self.services: dict[str, Service] = {}
        self.on_ready = on_ready
        self._lock: StateLock | None = None
        self._include(["emulator", *services])

    def _make(self, name: str) -> Service:
        state, usual, options = self.state, self._options.usual_ports, self._options
        region, code = self.configuration.region, (options.variables_file, options.handler)
        makers: dict[str, Callable[[], Service]] = {
            "emulator": lambda: options.emulator(state, region=region, usual_port=usual),
            "postgres": lambda: Postgres(state, usual_port=usual),
            "mlflow": lambda: MlflowServer(state, usual_port=usual),
            "mage": lambda: MageServer(state, usual_port=usual),
            "lambda": lambda: LambdaHost(state, *code, options.root, usual_port=usual),
            "web": lambda: WebService(state, usual_port=usual),
            "monitoring": lambda: MonitoringWorker(state),
        }
        return makers[name]()

    def _given(self, name: str) -> dict[str, str]:
        """Return the variables of a server somebody else runs; nothing where it is ours to start."""
        if name == "postgres" and (url := other_database(os.environ)):
            return {"DATABASE_URL": url}
        if name == "emulator" and self._options.endpoint:
            return aws_variables(self._options.endpoint, self.configuration.region, os.environ)
        return {}

    def _include(self, wanted: Iterable[str]) -> list[Service]:
        if unknown := set(wanted) - set(ALL):
            known = ", ".join(ALL)
            raise ConfigurationError(f"no service {', '.join(sorted(unknown))}; there are {known}")
        added = []
        for name in ALL:
            if name not in wanted or name in self.services:
                continue
            if given := self._given(name):
                self.environment |= given
                continue
            service = self.services[name] = self._make(name)
            self.environment |= service.environment()
            added.append(service)
        return added

    def acquire(self) -> StateLock:
        """Take the state directory, unless this stack has it already."""
        if self._lock is None:
            self._lock = StateLock(self.state)
        return self._lock

    def start(self) -> None:
        """Start and provision everything; a failure stops everything and is raised."""
        self.acquire()
        try:
            if "emulator" not in self.services:
                self.environment |= provision(self.configuration, self.environment)
            for group in (SERVERS, CONSUMERS):
                self._bring_up_all([s for name, s in self.services.items() if name in group])
        except BaseException:
            self.stop()
            raise

    def add(self, *wanted: str) -> None:
        """Start more services of a running stack; after a failure the call can be repeated."""
        services = self._include(wanted)
        try:
            self._bring_up_all(services)
        except BaseException:
            for service in services:
                self.services.pop(service.name).stop()
            raise

    def _bring_up_all(self, services: Sequence[Service]) -> None:
        pool = ThreadPoolExecutor(len(ALL))
        try:
            for future in as_completed([pool.submit(self.bring_up, s) for s in services]):
                future.result()
        except BaseException:
            # Stopping first makes the other threads' waits end at once.
            self._stop_all(services)
            raise
        finally:
            pool.shutdown()

    def bring_up(self, service: Service) -> None:
        """Start one service, or start it again after a crash, and wait until it can be used."""
        service.launch(self.environment, self._lock)
        service.wait_ready()
        if service.name == "emulator":
            self.environment |= provision(self.configuration, self.environment)
        if self.on_ready is not None:
            self.on_ready(service)

    def stop(self) -> None:
        """Stop everything, what consumes before what it consumes from. Safe to repeat."""
        for group in (CONSUMERS, SERVERS):
            self._stop_all([s for name, s in self.services.items() if name in group])
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @staticmethod
    def _stop_all(services: Sequence[Service]) -> None:
        with ThreadPoolExecutor(len(ALL)) as pool:
            list(pool.map(lambda service: service.stop(), services))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
