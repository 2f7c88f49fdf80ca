"""Loopback ports: the usual one where it is free, else any free one."""

import random
import socket
import threading
from pathlib import Path

LOOPBACK = "127.0.0.1"

_OURS = range(20_000, 32_000)
_KERNELS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_CHANCE = random.SystemRandom()
_CHOOSING = threading.Lock()
_GIVEN: set[int] = set()


def is_free(port: int) -> bool:
    """Tell whether a server could listen on ``port`` of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _kernels_lowest() -> int:
    """Return the lowest port the kernel itself hands out (Linux; elsewhere the usual one)."""
    try:
        return int(_KERNELS.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 49_152


def free_port(preferred: int | None = None) -> int:
    """Return ``preferred`` where it is free, else a free one that nobody is likely to take.

    A server listens only seconds after its port was chosen. Until then the kernel could give a port
    of its own range to any connection; so one below that range is chosen, none twice by a process.
    """
    if preferred is not None and is_free(preferred):
        return preferred
    with _CHOOSING:
        for candidate in _CHANCE.sample(_OURS, 100) if _kernels_lowest() > _OURS[-1] else ():
            if candidate not in _GIVEN and is_free(candidate):
                _GIVEN.add(candidate)
                return candidate
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
