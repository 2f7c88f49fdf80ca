"""The stack's processes as Linux's /proc shows them: who they are, how much memory they hold."""

import os
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

ROLES = {
    "emulator": "emulator_server.py",
    "postgres": "postgres -D",
    "host": "localcloud.lambda_host",
    "function": "awslambdaric",
    "worker": "monitoring worker",
    "ingest": "monitoring.ingest.process",
}
FLAT = ("host", "function", "worker", "ingest")
"""Hold no data of their own; the emulator and Postgres hold the streams and the tables."""

_GUARD = "guard.py"
_GROWTH, _MEGABYTES = 1.3, 40.0


def _look(pid: int) -> tuple[int, str] | None:
    """Return a process's parent and command line, None where it has just ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1]), command.replace(b"\0", b" ").decode(
        "utf-8", "replace"
    )


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def by_role(supervisor: int) -> dict[str, list[int]]:
    """Return the processes below a supervisor by role, their guards left out."""
    seen = {pid: look for pid in _pids() if (look := _look(pid))}
    below = {supervisor}
    # A child's id may be lower than its parent's, so look until nothing new is found.
    while new := {p for p, (parent, _) in seen.items() if parent in below} - below:
        below |= new
    return {
        role: [
            pid
            for pid in sorted(below & seen.keys())
            if mark in seen[pid][1] and _GUARD not in seen[pid][1]
        ]
        for role, mark in ROLES.items()
    }


def using(state: Path) -> list[int]:
    """Return other processes that know ``state`` from their command line or environment."""
    found = []
    for pid in _pids():
        try:
            known = (
                Path(f"/proc/{pid}/cmdline").read_bytes()
                + Path(f"/proc/{pid}/environ").read_bytes()
            )
        except OSError:
            continue
        if pid != os.getpid() and os.fsencode(state) + b"/" in known:
            found.append(pid)
    return found


def megabytes(pid: int) -> float:
    """Return a process's resident memory, 0 where it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def growing(samples: Mapping[str, Sequence[float]]) -> list[str]:
    """Return which roles' memory grew from the second fifth of the run to the last, in words."""
    findings = []
    for role, values in samples.items():
        fifth = len(values) // 5
        if not fifth:
            continue
        before = statistics.median(values[fifth : 2 * fifth])
        after = statistics.median(values[-fifth:])
        if after > before * _GROWTH and after > before + _MEGABYTES:
            findings.append(f"the memory of {role} grew from {before:.0f} to {after:.0f} MB")
    return findings
