"""Training as the journey starts it: the headless Mage run, its output passed on line by line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localcloud.configuration import REPOSITORY
from localcloud.demo.errors import JourneyFailed
from localcloud.process import Process
from localcloud.service import base_environment, python_of

POLL_SECONDS = 0.2


def train(
    variables: Mapping[str, str], arguments: list[str], log: Path, say: Callable[[str], None]
) -> None:
    """Run both pipelines; raises JourneyFailed where training ends with an error."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    process = Process(
        "training",
        [python_of("orchestrator"), "-m", "orchestrator.run", *arguments],
        log=log,
        environment=base_environment(**variables),
        cwd=REPOSITORY,
    )
    process.start()
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            while True:
                alive = process.alive  # asked before reading, so that the last lines are not lost
                for line in lines:
                    say(line.rstrip())
                if not alive:
                    break
                time.sleep(POLL_SECONDS)
    finally:
        code = process.stop()
    if code:
        raise JourneyFailed(f"training ended with exit code {code}; see {log}")


def read_json(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    """Return a JSON object that training left in the artifact bucket."""
    value: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return value
