"""A window's evaluation: which verdict is stored, what a missing reference does."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.errors import ReferenceMissingError
from monitoring.settings import WindowSettings
from monitoring.windows import evaluation, scored
from monitoring.windows.cutting import Window
from monitoring.windows.evaluation import Evaluator
from monitoring.windows.metric import Metric, Outcome
from monitoring.windows.verdict import Verdict
from tests.monitoring.support.cursor import FakeCursor

WINDOW = Window(4, "scored", "3", 600, 800, 200, 0, "count")


class _References:
    def get(self, version: str) -> Any:
        """There is none."""
        raise ReferenceMissingError(f"there is no reference set for version {version}")


@pytest.fixture(name="stored")
def stored_fixture(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The figures written instead of sent to a database."""
    stored: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        evaluation, "execute_values", lambda _, __, rows, **___: stored.extend(rows)
    )
    return stored


def test_figures_and_verdict_are_stored_together(
    stored: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an alarming outcome and a figure that is no number WHEN evaluated THEN the verdict is in
    its row, the figure left out."""
    metrics = [Metric("rows", "", "", 200.0), Metric("mean", "Absences", "", float("nan"))]
    outcome = Outcome(metrics, Verdict("alarm", ("why",)), ("Absences",), "3")
    seen: list[str] = []

    def evaluate(_: Any, __: Any, ___: Any, problem: str, minimum: int) -> Outcome:
        seen.append(f"{problem}, {minimum}")
        return outcome

    monkeypatch.setattr(scored, "evaluate", evaluate)
    cursor: Any = FakeCursor()
    references: Any = _References()
    evaluator = Evaluator(references, WindowSettings())
    assert evaluator.evaluate(cursor, WINDOW) == Verdict("alarm", ("why",))
    assert seen == ["there is no reference set for version 3, 100"]
    assert [row[:2] for row in stored] == [(4, "rows")]
    level, reasons, drifted, version, number = cursor.asked[-1][1]
    assert (level, reasons, drifted, version) == ("alarm", ["why"], ["Absences"], "3")
    assert number == 4
