"""The serving image as a running function: what a Deployment's host invokes instead of a process.

SERVING_IMAGE names an image that is there; else ``.ci/image`` builds one, on AWS's base where a
container tool can pull it, else on the stand-in where this machine can make that.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.configuration import REPOSITORY
from localcloud.lambda_host.interface_emulator import PATH
from localcloud.ports import free_port
from localcloud.process import Process

AWS_EMULATOR_PORT = 8080
"""AWS's runtime interface emulator always listens there; the stand-in follows RIE_PORT."""
_SCRIPT = str(REPOSITORY / ".ci" / "image")
_IMPOSSIBLE = 3


class ImageMissing(Exception):
    """No image can be had on this machine; the message says why."""


@dataclass(frozen=True)
class Image:
    """A built image and the command that runs it."""

    name: str
    tool: tuple[str, ...]


def build() -> Image:
    """Return the image, built now unless SERVING_IMAGE names one; raises ImageMissing."""
    if name := os.environ.get("SERVING_IMAGE"):
        return Image(name, (_SCRIPT,))
    reasons = []
    for tool in ((_SCRIPT,), (_SCRIPT, "--stand-in")):
        run = subprocess.run([*tool, "build"], capture_output=True, text=True, check=False)
        if run.returncode == 0:
            return Image("student-performance/inference", tool)
        if run.returncode != _IMPOSSIBLE:
            raise AssertionError(f"the image does not build:\n{run.stdout}\n{run.stderr}")
        reasons.append(run.stderr.strip().splitlines()[-1])
    raise ImageMissing("; ".join(reasons))


class Container:
    """The running image, its output in ``log``; on the host's network, as its services are there."""

    def __init__(self, image: Image, variables: Mapping[str, str], log: Path) -> None:
        port = free_port()
        environment = {
            **variables,
            "RIE_BIND": "127.0.0.1",
            "RIE_PORT": str(port),
            "AWS_REGION": variables["AWS_DEFAULT_REGION"],
        }
        settings = [part for item in environment.items() for part in ("-e", "=".join(item))]
        self.log = log
        self._tool = image.tool
        self._urls = [f"http://127.0.0.1:{number}{PATH}" for number in (port, AWS_EMULATOR_PORT)]
        self._name = f"student-performance-test-{uuid.uuid4().hex}"
        options = ("--rm", "--name", self._name, "--network", "host")
        # Behind its guard the container ends with the test run, however that ends.
        self._process = Process(
            "image",
            [*image.tool, "run", *options, *settings, image.name],
            log=log,
            environment=os.environ,
        )
        self._process.start()
        self.url = self._wait()

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the function's answer to ``event``."""
        return self._post(self.url, event)

    def stop(self) -> None:
        """Stop the container and wait for its end."""
        subprocess.run(
            [*self._tool, "kill", self._name], capture_output=True, timeout=120, check=False
        )
        self._process.stop()

    @staticmethod
    def _post(url: str, event: Mapping[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(url, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=120) as answer:
            document: dict[str, Any] = json.load(answer)
            return document

    def _wait(self, seconds: float = 240.0) -> str:
        deadline = time.monotonic() + seconds
        while True:
            for url in self._urls:
                try:
                    # An event without records: the function refuses it, and so is there.
                    if "errorType" in self._post(url, {}):
                        return url
                except (OSError, ValueError):
                    continue
            if not self._process.alive or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the image did not come up: {self.log.read_text()}")
            time.sleep(0.2)
