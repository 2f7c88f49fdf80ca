"""The local cloud as one thing: services started together, provisioned, and stopped together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Self

from infrastructure.local import configuration as configurations
from infrastructure.local.emulator import Emulator
from infrastructure.local.errors import ConfigurationError
from infrastructure.local.lock import StateLock
from infrastructure.local.mage import MageServer
from infrastructure.local.mlflow import MlflowServer
from infrastructure.local.postgres import Postgres
from infrastructure.local.program import LambdaHost
from infrastructure.local.provision import names, provision
from infrastructure.local.service import Service

FIRST = ("emulator", "postgres", "mlflow", "mage")
AFTER_PROVISIONING = ("lambda",)
ALL = (*FIRST, *AFTER_PROVISIONING)


class Stack:
    """Every service of the local cloud, or some; all gone when the ``with`` block or this process ends.

        with Stack(directory, services=("emulator", "lambda")) as stack:
            stack.environment

    ``environment`` holds every variable other programs need. The emulator is always part of it. Ports are free ones
    unless ``usual_ports``; two stacks in different state directories do not meet. ``handler`` and ``root`` put another
    function than the configured one behind the mapping.
    """

    def __init__(
        self,
        state: Path = configurations.DEFAULT_STATE,
        *,
        services: Sequence[str] = ALL,
        variables_file: Path = configurations.LOCAL_VARIABLES,
        handler: str | None = None,
        root: Path = configurations.REPOSITORY,
        usual_ports: bool = False,
        on_ready: Callable[[Service], None] = lambda _: None,
    ) -> None:
        if unknown := set(services) - set(ALL):
            raise ConfigurationError(
                f"no service {', '.join(sorted(unknown))}; there are {', '.join(ALL)}"
            )
        self.state = state.resolve()
        self.configuration = configurations.load(variables_file)
        self.environment: dict[str, str] = names(self.configuration)
        self.services: dict[str, Service] = {}
        self._on_ready = on_ready
        self._lock: StateLock | None = None
        region = self.configuration.region
        makers: dict[str, Callable[[], Service]] = {
            "emulator": lambda: Emulator(self.state, region=region, usual_port=usual_ports),
            "postgres": lambda: Postgres(self.state, usual_port=usual_ports),
            "mlflow": lambda: MlflowServer(self.state, usual_port=usual_ports),
            "mage": lambda: MageServer(self.state, usual_port=usual_ports),
            "lambda": lambda: LambdaHost(self.state, variables_file, handler, root),
        }
        for name in ALL:
            if name == "postgres" and "postgres" in services and "DATABASE_URL" in os.environ:
                self.environment["DATABASE_URL"] = os.environ["DATABASE_URL"]
            elif name == "emulator" or name in services:
                self.services[name] = makers[name]()
                self.environment |= self.services[name].environment()

    def start(self) -> None:
        """Start and provision everything; on any failure everything is stopped and the first error raised."""
        self._lock = StateLock(self.state)
        pool = ThreadPoolExecutor(len(ALL))
        try:
            for group in (FIRST, AFTER_PROVISIONING):
                services = [self.services[name] for name in group if name in self.services]
                for future in as_completed([pool.submit(self.bring_up, s) for s in services]):
                    future.result()
        except BaseException:
            # Stopping first makes the other threads' waits end at once.
            self.stop()
            raise
        finally:
            pool.shutdown()

    def bring_up(self, service: Service) -> None:
        """Start one service and wait until it can be used."""
        service.launch(self.environment, self._lock)
        service.wait_ready()
        if service.name == "emulator":
            self.environment |= provision(self.configuration, self.environment)
        self._on_ready(service)

    def stop(self) -> None:
        """Stop everything, what consumes before what it consumes from."""
        for group in (AFTER_PROVISIONING, FIRST):
            services = [self.services[name] for name in group if name in self.services]
            with ThreadPoolExecutor(len(ALL)) as pool:
                list(pool.map(lambda service: service.stop(), services))
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
