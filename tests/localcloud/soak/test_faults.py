"""The one list of faults."""

import re
from typing import Any

from localcloud.configuration import REPOSITORY
from localcloud.soak.faults import FAULTS, inside


class World:
    """Notes what a fault asks for."""

    version = "1"

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self.asked.append((name, *given))


def test_names_are_the_keys() -> None:
    assert all(name == fault.name for name, fault in FAULTS.items())


def test_what_strikes_inside_is_another_fault_and_needs_nothing_that_hangs() -> None:
    for name in FAULTS:
        assert inside(name) and set(inside(name)) < set(FAULTS) - {name}
    assert "promoted" in inside("bucket-away")
    assert "promoted" not in inside("emulator-frozen")


def test_a_promotion_serves_another_good_version() -> None:
    world: Any = World()
    FAULTS["promoted"].begin(world)
    assert world.asked == [("point", "2")]


def test_what_a_cold_start_meets_is_mended_by_the_right_pointer() -> None:
    for name, first in (("bad-pointer", ("point_raw", b"{")), ("model-away", ("unpoint",))):
        world: Any = World()
        FAULTS[name].begin(world)
        end = FAULTS[name].end
        assert end
        end(world)
        assert world.asked[0] == first
        assert world.asked[1][:2] == ("signal", "function")
        assert world.asked[2] == ("point", "1")


def test_the_read_me_names_each() -> None:
    text = (REPOSITORY / "localcloud" / "README.md").read_text(encoding="utf-8")
    section = text.partition("## The soak\n")[2].partition("\n## ")[0]
    rows = "".join(line for line in section.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([a-z]+-[a-z]+|promoted)`", rows)) == set(FAULTS)
