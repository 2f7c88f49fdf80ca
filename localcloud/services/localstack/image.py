"""LocalStack as its pinned image, where a Docker engine answers."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from localcloud.errors import EnvironmentMissing
from localcloud.process import Process
from localcloud.services.emulator import REGION
from localcloud.services.localstack.server import LocalStack, pinned_image

_PORT = 4566
_ASK_SECONDS = 30
_PULL_SECONDS = 900


def _docker(*arguments: str, seconds: float) -> tuple[bool, str]:
    program = shutil.which("docker")
    if program is None:
        return False, "there is no docker"
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"docker {arguments[0]} took more than {seconds:.0f} s"
    said = (done.stderr or done.stdout).strip()
    return done.returncode == 0, said.splitlines()[-1] if said else ""


class Image(LocalStack):
    """The container, published on loopback, gone when it stops."""

    how = "the pinned image"

    def __init__(self, state: Path, *, region: str = REGION, usual_port: bool = False) -> None:
        super().__init__(state, region=region, usual_port=usual_port)
        self._container = f"student-performance-localstack-{uuid.uuid4().hex[:12]}"

    @classmethod
    def prepare(cls) -> None:
        answered, said = _docker("version", seconds=_ASK_SECONDS)
        if not answered:
            raise EnvironmentMissing(f"no Docker engine answers ({said})")
        image = pinned_image()
        if not _docker("image", "inspect", image, seconds=_ASK_SECONDS)[0]:
            pulled, said = _docker("pull", "--quiet", image, seconds=_PULL_SECONDS)
            if not pulled:
                raise EnvironmentMissing(f"{image} cannot be pulled: {said}")

    def build(self, variables: Mapping[str, str]) -> Process:
        settings = [f"--env={key}={value}" for key, value in self.settings().items()]
        options = ["--rm", "--init", "--name", self._container, *settings]
        publish = f"--publish=127.0.0.1:{self.port}:{_PORT}"
        # In front, so that a stop reaches the container: docker passes SIGTERM on.
        return Process(
            self.name,
            [shutil.which("docker") or "docker", "run", *options, publish, pinned_image()],
            log=self.log,
            environment=os.environ,
            cwd=self.directory,
            grace_seconds=30,
        )

    def stop(self) -> None:
        super().stop()
        if self.process is not None:
            _docker("rm", "--force", self._container, seconds=_ASK_SECONDS)
