"""How often the alarm rule errs: many windows through the very tests and verdicts that are used.

It states false alarms and power, and needs neither Evidently nor a database, only columns of
numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.windows import drift, verdict
from monitoring.windows.verdict import ScoredFigures

Columns = Mapping[str, Any]


def drifted(reference: Columns, current: Columns) -> dict[str, tuple[float, float]]:
    """Return the drifted columns of a window of at most drift.LARGE_WINDOW rows, with p values."""
    columns = {}
    for column in drift.COLUMNS:
        p = drift.p_value(column, reference[column], current[column])
        if p < drift.P_THRESHOLD:
            columns[column] = (p, 0.0)
    return columns


def levels(reference: Columns, windows: Sequence[Columns]) -> list[str]:
    """Return the verdict of each window of a run, in order."""
    verdicts = []
    previous: tuple[str, ...] = ()
    for current in windows:
        columns = drifted(reference, current)
        figures = ScoredFigures(len(current[drift.PREDICTION]), columns, previous)
        verdicts.append(verdict.judge_scored(figures, 1).level)
        previous = tuple(columns)
    return verdicts


def alarms(reference: Columns, windows: Sequence[Columns]) -> int:
    """Return how many windows of a run alarm."""
    return levels(reference, windows).count(verdict.ALARM)
