"""What a process that dies leaves to the next one: real processes, really killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.stream.deaths import MOST_DEATHS, Deaths

ID, OTHER = "018f0000-0000-5000-8000-000000000001", "018f0000-0000-5000-8000-000000000002"


def in_a_process(life: Callable[[], None]) -> None:
    """Live ``life`` in a process of its own, which is killed if it does not end before."""
    child = os.fork()
    if child == 0:
        life()
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def die_on(folder: Path, prediction_id: str, count: int = 1) -> None:
    """Have a process die at work."""

    def life() -> None:
        with Deaths(folder).at_work(prediction_id, count):
            os.kill(os.getpid(), signal.SIGKILL)

    in_a_process(life)


def test_a_record_is_deadly_after_so_many_deaths(tmp_path: Path) -> None:
    """Each death is counted once, however many processes look; others are no suspects."""
    for number in range(MOST_DEATHS):
        assert not Deaths(tmp_path).deadly(ID)
        assert Deaths(tmp_path).suspects([OTHER, ID]) == (number > 0)
        die_on(tmp_path, ID)
    deaths = Deaths(tmp_path)
    assert deaths.deadly(ID) and not deaths.deadly(OTHER) and not deaths.suspects([OTHER])
    assert (tmp_path / "deaths").read_text(encoding="ascii") == f"{ID}\n" * MOST_DEATHS


def test_a_group_makes_a_suspect_and_no_culprit(tmp_path: Path) -> None:
    """Whoever was in it is tried alone, by whoever meets its first record again."""
    for _ in range(MOST_DEATHS + 1):
        die_on(tmp_path, ID, 200)
    deaths = Deaths(tmp_path)
    assert deaths.suspects([ID]) and not deaths.deadly(ID)


def test_who_dies_after_work_died_of_something_else(tmp_path: Path) -> None:
    """Also after an error in the work."""

    def life() -> None:
        deaths = Deaths(tmp_path)
        with deaths.at_work(ID):
            pass
        with pytest.raises(ZeroDivisionError), deaths.at_work(ID):
            _ = 1 // 0

    in_a_process(life)
    assert not Deaths(tmp_path).suspects([ID])
    assert len(list(tmp_path.glob("note-*"))) <= 1, "notes of the dead are swept away"


def test_the_living_are_left_alone(tmp_path: Path) -> None:
    """Several processes share a folder: one at work is no death."""
    living = Deaths(tmp_path)
    with living.at_work(ID):
        assert not Deaths(tmp_path).suspects([ID])


def test_without_a_folder_there_is_nothing_to_know(tmp_path: Path) -> None:
    """A file in its place, or another user's folder: work goes on without notes."""
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file" / "below", tmp_path / "file"):
        deaths = Deaths(folder)
        with deaths.at_work(ID):
            assert not deaths.suspects([ID]) and not deaths.deadly(ID)


def test_another_users_folder_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who could write there could have records rejected."""
    (tmp_path / "deaths").write_text(f"{ID}\n" * MOST_DEATHS, encoding="ascii")
    assert Deaths(tmp_path).deadly(ID)
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert not Deaths(tmp_path).suspects([ID])
