"""The monitoring worker: predictions into Postgres, drift windows, alarms."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import REPOSITORY
from localcloud.process import Process
from localcloud.service import Program, base_environment


class MonitoringWorker(Program):
    """Needs DATABASE_URL and the provisioned streams; ready once the schema is in place."""

    name = "monitoring"
    ready_seconds = 120.0

    def build(self, variables: Mapping[str, str]) -> Process:
        environment = base_environment(**variables, DO_NOT_TRACK="1")
        self._ready_file.unlink(missing_ok=True)
        command = [
            *(sys.executable, "-m", "monitoring", "worker"),
            *("--ready-file", str(self._ready_file)),
        ]
        return Process(self.name, command, log=self.log, environment=environment, cwd=REPOSITORY)

    def ready(self) -> bool:
        return self._ready_file.exists()

    @property
    def _ready_file(self) -> Path:
        return self.directory / "ready"
