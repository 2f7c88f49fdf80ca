"""The state file and the variables of a running stack."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from localcloud.control import down, status
from localcloud.state_file import (
    Entry,
    StateFile,
    clear,
    format_variables,
    read_state_file,
    read_variables,
    write_state_file,
    write_variables,
)

NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\x00\n\r"))


def test_the_state_file_survives_and_stale_ones_say_nothing(tmp_path: Path) -> None:
    """GIVEN a state file whose supervisor is gone THEN it can be read, but status and down know that
    nothing runs.
    """
    entry = Entry("emulator", "ready", "http://127.0.0.1:1", str(tmp_path / "log"), 1)
    recorded = StateFile(os.getpid(), "ready", [entry])
    write_state_file(tmp_path, recorded)
    write_variables(tmp_path, {"A": "b"})
    assert read_state_file(tmp_path) == recorded
    assert status(tmp_path) == f"nothing runs in {tmp_path}"
    assert not down(tmp_path)
    assert read_state_file(tmp_path) is None and read_variables(tmp_path) is None


def test_a_damaged_state_file_is_none(tmp_path: Path) -> None:
    """GIVEN a state file of another version THEN it reads as none, and clearing twice is harmless."""
    (tmp_path / "stack.json").write_text('{"pid": "not a number"}')
    assert read_state_file(tmp_path) is None
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
