"""What runs on this machine and where it listens, read from Linux's /proc."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from localcloud.ports import LOOPBACK

_LISTEN = "0A"


def of_state(state: Path) -> list[int]:
    """Return the processes that know ``state`` from their command line, environment or working
    directory.
    """
    pids = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            known = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            known += os.readlink(entry / "cwd").encode()
        except OSError:
            continue
        if str(state).encode() in known:
            pids.append(int(entry.name))
    return pids


def parent_of(pid: int) -> int:
    """Return the process that started ``pid``."""
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def child_of(pid: int) -> int:
    """Return the one process whose parent is ``pid``."""
    children = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and parent_of(int(entry.name)) == pid:
                children.append(int(entry.name))
        except OSError:
            continue
    assert len(children) == 1, children
    return children[0]


def listeners(pids: list[int]) -> set[tuple[str, int]]:
    """Return the (address, port) pairs these processes listen on, over IPv4 and IPv6."""
    sockets = set()
    for pid in pids:
        # Processes and descriptors come and go while they are looked at.
        try:
            descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                sockets.add(os.readlink(descriptor))
            except OSError:
                continue
    addresses = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                words = [int(address[i : i + 8], 16) for i in range(0, len(address), 8)]
                packed = struct.pack(f"={len(words)}I", *words)
                addresses.add((socket.inet_ntop(family, packed), int(port, 16)))
    return addresses


def is_listening(port: int) -> bool:
    """Tell whether something accepts connections on ``port`` of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        if probe.connect_ex((LOOPBACK, port)) != 0:
            return False
        # Where nobody listens the kernel may connect a probe with itself.
        return bool(probe.getsockname() != probe.getpeername())
