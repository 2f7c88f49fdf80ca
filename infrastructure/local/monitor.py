"""The monitoring worker: predictions into Postgres, drift windows, alarms."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from infrastructure.local.configuration import REPOSITORY
from infrastructure.local.process import Process
from infrastructure.local.service import Program, base_environment


class MonitoringWorker(Program):
    """Needs DATABASE_URL and the provisioned streams."""

    name = "monitoring"
    ready_seconds = 30.0

    def build(self, variables: Mapping[str, str]) -> Process:
        environment = base_environment(**variables, DO_NOT_TRACK="1")
        command = [sys.executable, "-m", "monitoring", "worker"]
        return Process(self.name, command, log=self.log, environment=environment, cwd=REPOSITORY)
