"""Loopback ports: free ones, and none given out twice."""

from __future__ import annotations

import socket
from pathlib import Path

from localcloud.ports import free_port, is_free
from tests.localcloud.support.processes import is_listening


def test_ports() -> None:
    """GIVEN a taken port THEN it is neither free nor given out; a free one is given when preferred."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))
        server.listen()
        taken = server.getsockname()[1]
        assert not is_free(taken) and is_listening(taken)
        assert free_port(taken) != taken
    assert is_free(taken) and not is_listening(taken)
    assert free_port(taken) == taken


def test_a_port_given_out_is_nobody_elses() -> None:
    """GIVEN many services that each choose a port before any listens THEN no two get the same, nor
    one that the kernel may give to a connection meanwhile.
    """
    chosen = [free_port() for _ in range(200)]
    assert len(set(chosen)) == len(chosen)
    kernels = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if (
        kernels.exists()
        and (lowest := int(kernels.read_text(encoding="ascii").split()[0])) >= 32_000
    ):
        assert max(chosen) < lowest
