"""The figures of scored rows, and what becomes of a window without rows or reference."""

from __future__ import annotations

from typing import Any

import pytest

from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from monitoring.windows import drift, scored
from monitoring.windows.cutting import Window
from tests.monitoring.support import cohort
from tests.monitoring.support.cursor import FakeCursor

WINDOW = Window(4, "scored", "3", 0, 200, 60, 20, "time")


def _answers(count: int) -> list[tuple[float, ...]]:
    frame = cohort.students(count, 3)
    shares = cohort.probabilities(cohort.expected_gpa(frame))
    return [
        (float(share.argmax()), *map(float, share), *map(float, features))
        for share, features in zip(shares, frame[list(FEATURE_NAMES)].to_numpy(), strict=True)
    ]


def test_rows_are_read_into_the_references_columns() -> None:
    """GIVEN stored rows WHEN loaded THEN nine features, the predicted grade, and five shares."""
    cursor: Any = FakeCursor(_answers(20))
    frame, probabilities = scored.load(cursor, WINDOW)
    assert set(frame) == set(drift.COLUMNS) and len(frame["Absences"]) == 20
    assert probabilities.shape == (20, 5)
    assert frame["Sports"].dtype.kind == "i" and frame["Absences"].dtype.kind == "f"


def test_the_class_mix_adds_up_and_rejections_have_a_share() -> None:
    """GIVEN rows and rejections WHEN figures are formed THEN shares of 1, and rejected by code."""
    cursor: Any = FakeCursor(_answers(50))
    metrics = scored.prediction_metrics(*scored.load(cursor, WINDOW))
    metrics += scored.quality_metrics(WINDOW, {"not_json": 20})
    values = {(m.metric, m.column, m.label): m.value for m in metrics}
    assert sum(values["predicted_share", "", grade] for grade in GRADES) == pytest.approx(1)
    assert values["confidence", "", "p10"] <= values["confidence", "", "p50"] <= 1
    assert values["rejected", "", "not_json"] == 20
    assert values["rejected_share", "", ""] == pytest.approx(0.25)
    assert 0 < values["estimated_f1_macro", "", ""] < 1


@pytest.mark.parametrize(("rows", "reason"), [(60, "60 scored rows"), (0, "0 scored rows")])
def test_too_few_rows_are_insufficient_and_quality_is_said(rows: int, reason: str) -> None:
    """GIVEN few rows or none, and many rejections WHEN evaluated THEN insufficient, both reasons."""
    cursor: Any = FakeCursor(_answers(rows), [("not_json", 20)])
    outcome = scored.evaluate(cursor, WINDOW, None, "there is no reference set", 100)
    assert outcome.verdict.level == "insufficient"
    assert outcome.verdict.reasons[0].startswith(reason)
    assert "records were rejected (not_json 20)" in outcome.verdict.reasons[1]
