"""Programs of others, by their command lines."""

import json
import os
import subprocess
from typing import Any

from infrastructure.tools.release.errors import ProgramError


def run(
    *command: str,
    text: str | None = None,
    environment: dict[str, str] | None = None,
    seconds: float | None = None,
) -> str:
    """Return what a program prints; ProgramError with its last words when it fails."""
    try:
        done = subprocess.run(
            command,
            input=text,
            env={**os.environ, **(environment or {})},
            text=True,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramError(f"{command[0]}: {error}") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise ProgramError(f"{' '.join(command[:3])} failed ({done.returncode}): {said}")
    return done.stdout


def show(*command: str) -> None:
    """Run a program that prints for people."""
    print(f"$ {' '.join(command)}", flush=True)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise ProgramError(f"{command[0]}: {error}") from error
    if code:
        raise ProgramError(f"{' '.join(command[:3])} failed ({code}); its output is above")


def aws(*command: str) -> Any:
    """Return the AWS CLI's answer."""
    said = run("aws", *command, "--output", "json")
    return json.loads(said) if said.strip() else None
