"""The Mage server: UI, API and scheduler of the training pipelines."""

from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import REPOSITORY
from localcloud.process import Process
from localcloud.service import Service, answers, base_environment, python_of

PROJECT = REPOSITORY / "orchestrator" / "student_performance"


class MageServer(Service):
    """Mage on loopback, for one person: no log-in, no telemetry, its files in the state directory."""

    name = "mage"
    preferred_port = 6789
    ready_seconds = 180.0

    def environment(self) -> dict[str, str]:
        return {"MAGE_URL": self.url, "MAGE_DATA_DIR": str(self.directory)}

    def build(self, variables: Mapping[str, str]) -> Process:
        # Without log-in only because nothing but loopback reaches it, and no other page open there.
        given = {"REQUIRE_USER_AUTHENTICATION": "0", **variables}
        environment = base_environment(
            **given,
            PYTHONPATH=str(REPOSITORY),
            # One block per 10 s by default: six blocks took 61 s, at 1 s they take 4.5 s.
            SCHEDULER_TRIGGER_INTERVAL="1",
            DO_NOT_TRACK="true",
            ENABLE_PROMETHEUS="0",
        )
        server: list[str | Path] = [
            # Mage's own command, its door closed and its job queue repaired.
            *(python_of("orchestrator"), "-m", "orchestrator.server", "start", PROJECT),
            *("--host", "127.0.0.1", "--port", str(self.port)),
        ]
        # From the state directory: Mage leaves `.ssh_tunnel/` and `~/` where it is started.
        return self.command(server, environment, self.directory, grace_seconds=5)

    def ready(self) -> bool:
        return answers(self.port, "/api/statuses")
