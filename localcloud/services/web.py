"""The web service: single predictions for people and programs, beside the stream."""

import sys
from collections.abc import Mapping

from localcloud.process import Process
from localcloud.service import Service, answers, base_environment


class WebService(Service):
    """Serves the champion from the model bucket; up, though without answers, before there is one."""

    name = "web"
    preferred_port = 8080
    ready_seconds = 60.0

    def environment(self) -> dict[str, str]:
        return {"WEB_URL": self.url}

    def build(self, variables: Mapping[str, str]) -> Process:
        environment = base_environment(
            **variables, WEB_HOST="127.0.0.1", WEB_PORT=str(self.port), WEB_STREAMS="1"
        )
        return self.command([sys.executable, "-m", "inference.web"], environment)

    def ready(self) -> bool:
        return answers(self.port, "/health")
