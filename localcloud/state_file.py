"""What runs, as one small file: the supervisor writes it, ``up``, ``down`` and ``status`` read it."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from localcloud.errors import ConfigurationError
from localcloud.private import write_private

Phase = Literal["starting", "ready", "stopping", "failed"]
State = Literal["starting", "ready", "restarting", "stopped"]


class Entry(msgspec.Struct):
    """One service's line."""

    name: str
    state: State
    url: str
    log: str
    pid: int | None = None
    restarts: int = 0
    note: str = ""


class StateFile(msgspec.Struct):
    """The whole stack's state, as it is on disk."""

    pid: int
    phase: Phase
    services: list[Entry]
    error: str = ""


def write_state_file(state: Path, recorded: StateFile) -> None:
    """Put the state file in place, whole or not at all."""
    write_private(
        state / "stack.json", msgspec.json.format(msgspec.json.encode(recorded), indent=2)
    )


def read_state_file(state: Path) -> StateFile | None:
    """Return the state file, or None where there is none (or one of another version)."""
    try:
        return msgspec.json.decode((state / "stack.json").read_bytes(), type=StateFile)
    except (OSError, msgspec.DecodeError):
        return None


def format_variables(variables: Mapping[str, str]) -> str:
    """Return KEY=VALUE lines that a shell can source, quoted only where a shell needs it."""
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in sorted(variables.items()))


def write_variables(state: Path, variables: Mapping[str, str]) -> None:
    """Write ``env``, by which other programs find the services."""
    write_private(state / "env", format_variables(variables).encode())


def read_variables(state: Path) -> dict[str, str] | None:
    """Return what ``env`` holds, or None where no stack is up."""
    try:
        lines = (state / "env").read_text(encoding="utf-8").split("\n")
    except OSError:
        return None
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key: "".join(shlex.split(value)) for key, _, value in pairs}


def check_endpoint(variables: Mapping[str, str], wanted: str | None) -> None:
    """Raise ConfigurationError where the running stack uses another AWS endpoint than the wanted."""
    used = variables.get("AWS_ENDPOINT_URL")
    if wanted and wanted != used:
        raise ConfigurationError(f"what runs uses {used}, not {wanted}; `make down` stops it first")


def clear(state: Path) -> None:
    """Remove what says that a stack is up."""
    for name in ("env", "stack.json"):
        (state / name).unlink(missing_ok=True)
