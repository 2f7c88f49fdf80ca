"""What a killed run leaves to the next one."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.client import ClientUsageError
from inference.client.journal import Ask, Journal, asked

ASK = Ask("5tack", 0, datetime(2026, 1, 1, tzinfo=timezone.utc))
ANSWERS = [{"request_id": f"r{number}", "status": "ok"} for number in range(3)]


@given(st.integers(min_value=0))
def test_a_kill_at_any_byte_costs_the_torn_answer_alone(tmp_path_factory, cut: int) -> None:
    """GIVEN a journal cut anywhere WHEN the next run reads it and goes on
    THEN every whole line is known, and what is appended is too."""
    journal = Journal(folder := tmp_path_factory.mktemp("j") / "out.csv")
    journal.begin(ASK)
    head = len((path := folder.with_name(".out.csv.journal")).read_bytes())
    journal.add(ANSWERS)
    data = path.read_bytes()
    kept = data[: head + cut % (len(data) - head + 1)]
    path.write_bytes(kept)
    ask, answers = journal.read()
    assert ask == ASK
    whole = [one for one in ANSWERS if one["request_id"].encode() + b'", "status": "ok"}' in kept]
    assert list(answers.values()) == whole
    journal.add([{"request_id": "new"}])
    assert list(journal.read()[1]) == [*answers, "new"]


def test_a_journal_without_its_head_is_none(tmp_path: Path) -> None:
    """Nothing was sent before the head stood."""
    journal = Journal(tmp_path / "out.csv")
    assert journal.read() == (None, {})
    journal.end()
    for data in (b"", b'\n{"stack": "5t', b"\n[1]\n", b'\n{"request_id": "r"}\n'):
        (tmp_path / ".out.csv.journal").write_bytes(data)
        assert journal.read() == (None, {})
    journal.end()
    assert not list(tmp_path.iterdir())
    (tmp_path / ".out.csv.journal").mkdir()
    with pytest.raises(ClientUsageError, match="out.csv.journal cannot be read"):
        journal.read()


def test_which_time_round_it_is() -> None:
    """GIVEN a journal, or an output alone THEN their asking goes on, on the same stack only."""
    assert asked(ASK, [], "5tack", False) == (ASK, True)
    for earlier, ids, round_ in (
        (ASK, [], 0),
        (None, ["other-7-x", "5tack-3-x", "5tack-12-y", "sample", "5tack-x-y"], 0),
    ):
        ask, going_on = asked(earlier, ids, "other2", False)
        assert (ask.stack, ask.round, going_on) == ("other2", round_, False)
    ids = ["other-70-x", "5tack-3-x", "5tack-12-y", "sample", "5tack-x-y"]
    assert asked(None, ids, "5tack", False)[0].round == 12
    anew, going_on = asked(ASK, ids, "5tack", True)
    assert anew.round > 10**12 and not going_on and anew.prefix.startswith("5tack-1")
