"""The local cloud as one thing: services started together, provisioned, and stopped together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from infrastructure.local import configuration as configurations
from infrastructure.local.emulator import Emulator
from infrastructure.local.function import LambdaHost
from infrastructure.local.mage import MageServer
from infrastructure.local.mlflow import MlflowServer
from infrastructure.local.postgres import Postgres
from infrastructure.local.provision import names, provision
from infrastructure.local.service import Service

ALL = ("emulator", "postgres", "mlflow", "mage", "lambda")


class Stack:
    """``with Stack(state, services=("emulator", "lambda")) as stack: stack.environment`` - running, provisioned, then gone.

    ``environment`` holds every variable other programs need. The emulator is always there.
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
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        state = state.resolve()
        self.state, self._say = state, say
        self.configuration = configurations.load(variables_file)
        self.services: dict[str, Service] = {"emulator": Emulator(state, usual_port=usual_ports)}
        if "postgres" in services and "DATABASE_URL" not in os.environ:
            self.services["postgres"] = Postgres(state, usual_port=usual_ports)
        if "mlflow" in services:
            self.services["mlflow"] = MlflowServer(state, usual_port=usual_ports)
        if "mage" in services:
            self.services["mage"] = MageServer(state, usual_port=usual_ports)
        if "lambda" in services:
            self.services["lambda"] = LambdaHost(
                state, variables_file=variables_file, handler=handler, root=root
            )
        self.environment: dict[str, str] = names(self.configuration)
        for service in self.services.values():
            self.environment |= service.environment()
        if "postgres" in services and "DATABASE_URL" in os.environ:
            self.environment["DATABASE_URL"] = os.environ["DATABASE_URL"]

    def start(self) -> None:
        """Start and provision everything; on any failure everything is stopped again and the first error raised."""
        try:
            early = [service for name, service in self.services.items() if name != "lambda"]
            with ThreadPoolExecutor(len(early)) as pool:
                for future in [pool.submit(self._bring_up, service) for service in early]:
                    future.result()
            if "lambda" in self.services:
                self._bring_up(self.services["lambda"])
        except BaseException:
            self.stop()
            raise

    def _bring_up(self, service: Service) -> None:
        service.launch(self.environment)
        service.wait_ready()
        if service.name == "emulator":
            self.environment |= provision(self.configuration, self.environment)
        self._say(f"{service.name} ready")

    def stop(self) -> None:
        """Stop everything, the last started first where it matters."""
        if "lambda" in self.services:
            self.services["lambda"].stop()
        rest = [service for name, service in self.services.items() if name != "lambda"]
        with ThreadPoolExecutor(len(rest)) as pool:
            list(pool.map(lambda service: service.stop(), rest))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
