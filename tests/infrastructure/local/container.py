"""The serving image as a running function: what a Deployment's host invokes instead of a process.

SERVING_IMAGE names the image (``make image`` builds ``student-performance/inference``);
CONTAINER_TOOL the program to run it with.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infrastructure.local.ports import free_port

IMAGE = os.environ.get("SERVING_IMAGE", "")
TOOL = os.environ.get("CONTAINER_TOOL") or shutil.which("docker") or shutil.which("podman") or ""
PATH = "/2015-03-31/functions/function/invocations"
AWS_EMULATOR_PORT = 8080
"""AWS's runtime interface emulator always listens there; a stand-in may follow RIE_PORT."""


def missing() -> str:
    """Return why no image can be run here, or nothing."""
    if not IMAGE:
        return "needs SERVING_IMAGE, an image built by make image"
    return "" if TOOL else "needs docker or podman to run SERVING_IMAGE"


class Container:
    """The running image, its output in ``log``; on the host's network, as its services are there."""

    def __init__(self, variables: Mapping[str, str], log: Path) -> None:
        port = free_port()
        environment = {
            **variables,
            "RIE_BIND": "127.0.0.1",
            "RIE_PORT": str(port),
            "AWS_REGION": variables["AWS_DEFAULT_REGION"],
        }
        settings = [part for item in environment.items() for part in ("-e", "=".join(item))]
        self.log = log
        self._urls = [f"http://127.0.0.1:{number}{PATH}" for number in (port, AWS_EMULATOR_PORT)]
        self._name = f"student-performance-test-{uuid.uuid4().hex}"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                [TOOL, "run", "--rm", "--name", self._name, "--network", "host", *settings, IMAGE],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = self._wait()

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the function's answer to ``event``."""
        return self._post(self.url, event)

    def stop(self) -> None:
        """Stop the container and wait for its end."""
        subprocess.run([TOOL, "kill", self._name], capture_output=True, timeout=120, check=False)
        self._process.wait(timeout=120)

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
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the image did not come up: {self.log.read_text()}")
            time.sleep(0.2)
