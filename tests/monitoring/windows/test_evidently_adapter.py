"""Answers of Evidently that are not what was asked for are refused, never stored. No Evidently here."""

from __future__ import annotations

from typing import Any

import pytest

from contract.features import FEATURE_NAMES
from monitoring.errors import MetricError
from monitoring.windows import drift, evidently_adapter


@pytest.mark.parametrize("value", [True, "0.5", None, {"count": 1}])
def test_a_figure_is_a_number(value: Any) -> None:
    """GIVEN something else than a number WHEN read as one THEN MetricError names its type."""
    with pytest.raises(MetricError, match=f"answered {type(value).__name__} where a number"):
        evidently_adapter._float(value)  # pylint: disable=protected-access


@pytest.mark.parametrize("value", [0.5, {"share": 0.5}])
def test_a_part_is_there(value: Any) -> None:
    """GIVEN an answer without a count WHEN it is read THEN MetricError names what is missing."""
    with pytest.raises(MetricError, match="lacks 'count'"):
        evidently_adapter._part(value, "count")  # pylint: disable=protected-access


def test_answers_become_figures_in_the_order_they_were_asked() -> None:
    """GIVEN answers to every question of a scored window WHEN read THEN each figure in its place."""
    answers: list[Any] = [200, {"count": 3}]
    for k in range(len(drift.COLUMNS)):
        answers += [1e-9 if k == 0 else 0.5, k / 100]
    answers += [{"count": k} for k in range(len(FEATURE_NAMES))] + [9.5, 14.5]
    metrics = evidently_adapter._scored_answers(iter(answers))  # pylint: disable=protected-access
    by_key = {(m.metric, m.column, m.label): m for m in metrics}
    assert by_key["missing", "", "count"].value == 3
    assert [m.column for m in metrics if m.metric == "drift_p" and m.failed] == [drift.COLUMNS[0]]
    last = FEATURE_NAMES[-1]
    assert by_key["out_of_range", last, "share"].value == pytest.approx(8 / 200)
    assert by_key["mean", "Absences", ""].value == 14.5
