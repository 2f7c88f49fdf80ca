"""What LocalStack is to the rest of the local cloud, however it is run."""

import json
import re
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path

from contract.environment import spare_loopback
from localcloud.configuration import REPOSITORY
from localcloud.service import Service
from localcloud.services.emulator import REGION, Emulator, aws_variables


def pinned_image() -> str:
    """Return the image of docker-compose.yaml, the one place that pins it."""
    text = (REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8")
    found = re.search(r"image: (localstack/localstack:\S+)", text)
    assert found is not None, "docker-compose.yaml names no LocalStack"
    return found.group(1)


def version() -> str:
    """Return the version of the pinned image."""
    return pinned_image().partition(":")[2].partition("@")[0]


class LocalStack(Service, ABC):
    """LocalStack under the emulator's name: the rest of the stack does not see a difference.

    Nothing it holds outlives it.
    """

    name = Emulator.name
    preferred_port = Emulator.preferred_port
    ready_seconds = 300.0
    """The first start after installing compiles all of it: 52 s were seen on a busy machine."""
    how = ""

    def __init__(self, state: Path, *, region: str = REGION, usual_port: bool = False) -> None:
        super().__init__(state, usual_port=usual_port)
        self.region = region

    def environment(self) -> dict[str, str]:
        return aws_variables(self.url, self.region, {})

    @classmethod
    @abstractmethod
    def prepare(cls) -> None:
        """Get what it needs; raises EnvironmentMissing with what this machine lacks."""

    def settings(self) -> dict[str, str]:
        """Return LocalStack's own variables, as docker-compose.yaml sets them, and no outgoing
        connections.
        """
        return {
            "SERVICES": "kinesis,s3,sqs,ses,sts",
            "KINESIS_LATENCY": "0",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
            # Queue URLs hold it.
            "LOCALSTACK_HOST": f"127.0.0.1:{self.port}",
        }

    def ready(self) -> bool:
        # ministack answers this path too, with a version of its own.
        spare_loopback()
        try:
            with urllib.request.urlopen(f"{self.url}/_localstack/health", timeout=5) as answer:
                return bool(json.load(answer)["version"] == version())
        except (OSError, ValueError, KeyError):
            return False
