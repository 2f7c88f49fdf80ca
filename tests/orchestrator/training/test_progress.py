"""What a run tells, and how dataclasses cross a block boundary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from orchestrator.training.progress import Progress, pretty, step, tell


def test_what_is_told(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Every line is marked; progress is printed only for a reader that asked."""
    tell("a\nb")
    Progress(2).step()
    monkeypatch.setenv("TRAINING_PROGRESS", "1")
    progress = Progress(2)
    progress.step()
    assert capsys.readouterr().out.splitlines() == ["\u00bb a", "\u00bb b", "\u00bb\u00bb 1/2"]


@dataclass(frozen=True)
class Inner:
    """Something nested."""

    share: float
    name: str | None


@dataclass(frozen=True)
class Outer:
    """What one step hands to the next."""

    rows: tuple[Inner, ...]
    interval: tuple[float, float]


@step
def swap_interval(given: Outer | None, more: int) -> Outer:
    """Return ``given`` with its interval turned round."""
    assert isinstance(given, Outer) and more == 3
    return Outer(given.rows, (given.interval[1], given.interval[0]))


def test_dataclasses_cross_a_block_boundary_as_json(capsys: Any) -> None:
    """GIVEN what Mage stores, WHEN a step takes it, THEN it gets the dataclass and gives JSON."""
    stored = json.loads(pretty(Outer((Inner(0.5, None), Inner(1.0, "a")), (1.0, 2.0))))
    swapped = swap_interval(stored, 3)
    assert json.loads(json.dumps(swapped)) == stored | {"interval": [2.0, 1.0]}
    assert "swap interval" in capsys.readouterr().out


def test_tables_cross_as_they_are() -> None:
    """A table is handed over untouched."""

    @step
    def keep(table: pd.DataFrame) -> pd.DataFrame:
        return table

    table = pd.DataFrame({"a": [1]})
    assert keep(table) is table
