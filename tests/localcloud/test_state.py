"""What a state directory holds: the lock, the board, the variables; and free ports."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.control import down, status
from localcloud.errors import AlreadyRunning
from localcloud.lock import StateLock, is_held, wait_free
from localcloud.ports import free_port, is_free, is_listening
from localcloud.services.postgres import DATABASE, USER, other_database
from localcloud.state_file import (
    Board,
    Entry,
    clear,
    format_variables,
    read_board,
    read_variables,
    write_board,
    write_variables,
)
from tests.localcloud.deployment import eventually

NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\x00\n\r"))


def test_a_lock_is_exclusive_and_names_its_owner(tmp_path: Path) -> None:
    """GIVEN a held lock WHEN another is taken THEN the error names this process; once released it
    is free.
    """
    lock = StateLock(tmp_path)
    assert is_held(tmp_path) and not wait_free(tmp_path, 0.1)
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        StateLock(tmp_path)
    lock.release()
    assert not is_held(tmp_path) and wait_free(tmp_path, 0.1)


def test_a_lock_is_held_by_whoever_inherits_it(tmp_path: Path) -> None:
    """GIVEN a child that inherits the lock WHEN the owner releases it THEN it is held until the
    child ends.
    """
    lock = StateLock(tmp_path)
    with subprocess.Popen(["sleep", "600"], pass_fds=[lock.fileno()]) as child:
        lock.release()
        assert is_held(tmp_path)
        child.kill()
    assert not is_held(tmp_path)


def test_the_board_survives_and_stale_ones_say_nothing(tmp_path: Path) -> None:
    """GIVEN a board whose supervisor is gone THEN it can be read, but status and down know that
    nothing runs.
    """
    entry = Entry("emulator", "ready", "http://127.0.0.1:1", str(tmp_path / "log"), 1)
    board = Board(os.getpid(), "ready", [entry])
    write_board(tmp_path, board)
    write_variables(tmp_path, {"A": "b"})
    assert read_board(tmp_path) == board
    assert status(tmp_path) == f"nothing runs in {tmp_path}"
    assert not down(tmp_path)
    assert read_board(tmp_path) is None and read_variables(tmp_path) is None


def test_status_lists_what_runs(tmp_path: Path) -> None:
    """GIVEN a held directory with a board THEN status names each service, its state and address."""
    lock = StateLock(tmp_path)
    entry = Entry("postgres", "restarting", "postgresql://x", str(tmp_path / "p.log"), 42, 3)
    write_board(tmp_path, Board(7, "ready", [entry]))
    text = status(tmp_path)
    lock.release()
    assert text.splitlines()[0] == "ready (supervisor 7)"
    assert text.splitlines()[2].split()[:5] == [
        "postgres",
        "restarting",
        "42",
        "3",
        "postgresql://x",
    ]


def test_a_damaged_board_is_none(tmp_path: Path) -> None:
    """GIVEN a board of another version THEN it reads as none, and clearing twice is harmless."""
    (tmp_path / "stack.json").write_text('{"pid": "not a number"}')
    assert read_board(tmp_path) is None
    clear(tmp_path)
    clear(tmp_path)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_variables_are_what_a_shell_reads(variables: dict[str, str]) -> None:
    """GIVEN any values WHEN written THEN each line is one assignment, as the shell's own rules
    split it.
    """
    lines = format_variables(variables).split("\n")
    words = [word for line in lines for word in shlex.split(line)]
    assert dict(word.split("=", 1) for word in words) == variables


def test_variables_round_trip(tmp_path: Path) -> None:
    """GIVEN values with blanks, quotes and ampersands WHEN written THEN they are read back as they
    were.
    """
    variables = {
        "URL": "postgresql://u@h/d?a=1&b=2",
        "QUOTED": 'it\'s "so"',
        "EMPTY": "",
        "TWO": "a b",
    }
    write_variables(tmp_path, variables)
    assert read_variables(tmp_path) == variables


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


def test_who_looks_at_a_lock_does_not_keep_others_from_it(tmp_path: Path) -> None:
    """GIVEN programs that ask all the time whether a directory is in use WHEN it is taken, again
    and again THEN each time it is had; and who asks is never told of another who asks.
    """
    (tmp_path / "lock").touch()
    over = threading.Event()
    seen: list[bool] = []

    def ask() -> None:
        while not over.is_set():
            seen.append(is_held(tmp_path))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(seen) >= 300)
        assert not any(seen)
        for _ in range(100):
            StateLock(tmp_path).release()
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("url", "other"),
    [
        (None, False),
        ("", False),
        (f"postgresql://{USER}@127.0.0.1:5432/{DATABASE}", False),
        ("postgresql://me@db.school.example/grades", True),
        (f"postgresql://{USER}@127.0.0.1:5432/elsewhere", True),
    ],
)
def test_a_database_of_our_own_making_is_not_anothers(url: str | None, other: bool) -> None:
    """GIVEN a shell that sourced .local/env THEN its DATABASE_URL does not pass for somebody else's
    server.
    """
    found = other_database({"DATABASE_URL": url} if url is not None else {})
    assert found == (url if other else None)
