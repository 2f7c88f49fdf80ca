"""The monitoring worker: predictions into Postgres, drift windows, alarms."""

import sys
from collections.abc import Mapping

from localcloud.process import Process
from localcloud.service import Program, base_environment


class MonitoringWorker(Program):
    """Needs DATABASE_URL and the provisioned streams; ready once the schema is in place."""

    name = "monitoring"
    ready_seconds = 120.0

    def build(self, variables: Mapping[str, str]) -> Process:
        environment = base_environment(**variables, DO_NOT_TRACK="1")
        worker = [sys.executable, "-m", "monitoring", "worker", "--ready-file"]
        return self.command([*worker, self.ready_file], environment)
