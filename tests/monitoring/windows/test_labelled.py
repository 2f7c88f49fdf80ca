"""The figures of labelled rows and the verdict on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from contract import scores
from contract.grades import GRADES
from monitoring.windows import labelled
from monitoring.windows.cutting import Window
from monitoring.windows.labelled import Labelled, label_metrics
from tests.monitoring.support import cohort
from tests.monitoring.support.cursor import FakeCursor

WINDOW = Window(4, "labelled", "3", 0, 200, 200, 0, "count")


def _rows(count: int = 200) -> Labelled:
    frame = cohort.students(count, 3)
    shares = cohort.probabilities(cohort.expected_gpa(frame))
    truth = frame["GradeClass"].to_numpy()
    return Labelled(truth, shares.argmax(axis=1), shares, np.arange(count, dtype=float))


def test_scores_are_the_contracts_own() -> None:
    """GIVEN labelled rows WHEN their figures are formed THEN each score is the contract's."""
    rows = _rows()
    values = {(m.metric, m.column, m.label): m.value for m in label_metrics(rows)}
    expected = scores.all_scores(rows.truth, rows.probabilities)
    for name in ("accuracy", "f1_macro", "log_loss"):
        assert values[name, "", ""] == pytest.approx(expected[name])
    assert values["calibration_error", "", ""] == pytest.approx(expected["ece"])
    by_grade = [values["f1", "", grade] for grade in GRADES]
    assert values["f1_macro", "", ""] == pytest.approx(np.mean(by_grade))
    table = [[values["confusion", given, answered] for answered in GRADES] for given in GRADES]
    assert np.array_equal(table, scores.confusion(rows.truth, rows.predicted))
    assert [values["support", "", grade] for grade in GRADES] == [sum(row) for row in table]
    assert values["label_delay_seconds", "", "p50"] == pytest.approx(99.5)


def _cursor(count: int) -> Any:
    rows = _rows(count)
    columns = (rows.truth, rows.predicted, *rows.probabilities.T, rows.delays)
    return FakeCursor([tuple(float(value) for value in row) for row in zip(*columns, strict=True)])


def test_without_a_reference_the_figures_are_there_and_the_verdict_says_why() -> None:
    """GIVEN 200 labels and no reference WHEN evaluated THEN insufficient, with f1 all the same."""
    outcome = labelled.evaluate(_cursor(200), WINDOW, None, "there is no reference set")
    assert outcome.verdict == ("insufficient", ("there is no reference set",))
    assert any(metric.metric == "f1_macro" for metric in outcome.metrics)


def test_rows_that_retention_has_dropped_are_no_fault() -> None:
    """GIVEN a window whose months are gone WHEN evaluated again THEN no rows, insufficient."""
    outcome = labelled.evaluate(_cursor(0), WINDOW, None, "")
    assert outcome.verdict.level == "insufficient"
    assert [tuple(metric[:4]) for metric in outcome.metrics] == [("rows", "", "", 0.0)]
