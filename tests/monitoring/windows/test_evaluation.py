"""A window's evaluation: which report is kept, which verdict is stored, what a missing reference does."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from monitoring.errors import ReferenceMissingError
from monitoring.settings import WindowSettings
from monitoring.windows import evaluation, scored
from monitoring.windows.cutting import Window
from monitoring.windows.evaluation import Evaluator, is_kept
from monitoring.windows.metric import Metric, Outcome
from monitoring.windows.verdict import Verdict
from tests.monitoring.support.cursor import FakeCursor

WINDOW = Window(4, "scored", "3", 600, 800, 200, 0, "count")


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("all", ["insufficient", "ok", "warn", "alarm"]),
        ("notable", ["warn", "alarm"]),
        ("none", []),
    ],
)
def test_reports_are_kept_by_policy(policy: str, kept: list[str]) -> None:
    """GIVEN a policy WHEN each level is asked for THEN the reports it names are kept."""
    levels = ["insufficient", "ok", "warn", "alarm"]
    assert [level for level in levels if is_kept(policy, level)] == kept


class _References:
    def get(self, version: str) -> Any:
        """There is none."""
        raise ReferenceMissingError(f"there is no reference set for version {version}")


class _S3:
    def __init__(self) -> None:
        self.put: dict[str, bytes] = {}

    def put_object(self, **arguments: Any) -> None:
        """Keep an object."""
        self.put[arguments["Key"]] = arguments["Body"]


@pytest.fixture(name="stored")
def stored_fixture(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The figures written instead of sent to a database."""
    stored: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        evaluation, "execute_values", lambda _, __, rows, **___: stored.extend(rows)
    )
    return stored


def test_figures_verdict_and_report_are_stored_together(
    stored: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an alarming outcome with a page and a figure that is no number WHEN evaluated
    THEN the page is in S3 under the window's key, the verdict in its row, the figure left out."""
    metrics = [Metric("rows", "", "", 200.0), Metric("mean", "Absences", "", float("nan"))]
    outcome = Outcome(metrics, Verdict("alarm", ("why",)), ("Absences",), "3", lambda: "<html>")
    seen: list[str] = []

    def evaluate(_: Any, __: Any, ___: Any, problem: str, minimum: int) -> Outcome:
        seen.append(f"{problem}, {minimum}")
        return outcome

    monkeypatch.setattr(scored, "evaluate", evaluate)
    cursor: Any = FakeCursor()
    s3, references = _S3(), _References()
    evaluator = Evaluator(references, s3, "bucket", WindowSettings())  # type: ignore[arg-type]
    assert evaluator.evaluate(cursor, WINDOW) == Verdict("alarm", ("why",))
    assert seen == ["there is no reference set for version 3, 100"]
    assert [row[:2] for row in stored] == [(4, "rows")]
    key = "reports/3/scored-000000000600.html"
    assert gzip.decompress(s3.put[key]) == b"<html>"
    level, reasons, drifted, version, stored_key, number = cursor.asked[-1][1]
    assert (level, reasons, drifted, version) == ("alarm", ["why"], ["Absences"], "3")
    assert (stored_key, number) == (key, 4)
