"""The data contract: what is accepted, and what a refusal says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.features import FEATURES
from orchestrator.training.data.simulator import COLUMNS, simulate_students
from orchestrator.training.data.validation import RULES, check_students, describe, write_quarantine
from orchestrator.training.errors import DataContractError

GOOD = simulate_students(400, seed=3)


def raw(**changes: Any) -> pd.DataFrame:
    """Return good rows as text, with row 7 (line 9) changed."""
    frame = GOOD.astype(str)
    for name, value in changes.items():
        frame.loc[7, name] = value
    return frame


def test_good_rows_pass() -> None:
    """Good rows come out in order, whole columns as integers."""
    checked = check_students(raw(), "x.csv")
    assert len(checked.accepted) == 400 and not checked.problems
    assert checked.accepted["Absences"].dtype == np.int64


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Absences", "", "empty"),
        ("Absences", "many", "not a number"),
        ("Absences", "nan", "not a number"),
        ("StudyTimeWeekly", "inf", "not a number"),
        ("Absences", "366", "out of range"),
        ("StudyTimeWeekly", "-0.1", "out of range"),
        ("Tutoring", "0.5", "not whole"),
        ("GPA", "4.01", "out of range"),
        ("GradeClass", "5", "out of range"),
        ("StudentID", str(GOOD["StudentID"][0]), "earlier row"),
    ],
)
def test_a_bad_cell_is_named(column: str, value: str, reason: str) -> None:
    """File, line and column are named, the value is not repeated."""
    with pytest.raises(DataContractError, match=f"x.csv: line 9, column {column}: .*{reason}"):
        check_students(raw(**{column: value}), "x.csv")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(FEATURES),
    st.one_of(st.floats(allow_nan=True), st.integers(-(10**6), 10**6), st.text(max_size=5)),
)
def test_training_accepts_what_serving_accepts(feature: Any, value: Any) -> None:
    """A cell passes exactly if the contract's range and wholeness hold."""
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    fits = feature.minimum <= number <= feature.maximum
    fits = fits and (not feature.whole or number == int(number))
    checked = check_students(raw(**{feature.name: str(value)}), "x.csv", skip_bad_rows=True)
    assert len(checked.rejected) == (0 if fits else 1)


def test_skipped_rows_are_quarantined(tmp_path: Path) -> None:
    """Rejected rows go to a CSV, every reason with them; the others train."""
    checked = check_students(raw(Absences="x", Music="2"), "x.csv", skip_bad_rows=True)
    assert len(checked.accepted) == 399
    written = pd.read_csv(write_quarantine(checked.rejected, tmp_path / "new" / "bad.csv"))
    assert written["line"].tolist() == [9]
    assert "Absences: not a number" in written["reason"][0]
    assert "Music: out of range" in written["reason"][0]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (raw().drop(columns=["Music", "Age", "GPA"]), "missing column Age, Music$"),
        (raw().iloc[:0], "no rows"),
        (raw().iloc[:50], "100 are needed"),
        (raw()[GOOD["GradeClass"] == 4], "2 grades need 10 rows .*: A 0, B 0, C 0, D 0, F [0-9]+"),
    ],
)
def test_what_cannot_be_skipped(frame: pd.DataFrame, message: str) -> None:
    """Missing columns and too few rows stop even with skip_bad_rows."""
    with pytest.raises(DataContractError, match=message):
        check_students(frame, "x.csv", skip_bad_rows=True)


def test_a_school_without_gpa_or_without_an_a_passes() -> None:
    """GPA may be missing, as a column or in a cell; a grade that nobody has is no fault."""
    without = check_students(raw().drop(columns="GPA"), "x.csv").accepted
    assert without["GPA"].isna().all() and len(without) == 400
    assert check_students(raw(GPA=""), "x.csv").accepted["GPA"].isna().sum() == 1
    assert (
        check_students(raw()[GOOD["GradeClass"] != 0], "x.csv").accepted["GradeClass"] > 0
    ).all()


def test_many_problems_are_summed_up() -> None:
    """Ten problems are shown, the rest counted."""
    frame = raw()
    frame["Music"] = "7"
    problems = check_students_problems(frame)
    assert "... and 390 more problems" in describe(problems, "x.csv")


def check_students_problems(frame: pd.DataFrame) -> list[Any]:
    """Return the problems of a frame that is too bad to train on."""
    good = raw()
    good["StudentID"] = (GOOD["StudentID"] + 5000).astype(str)
    return check_students(pd.concat([frame, good]), "x.csv", skip_bad_rows=True).problems


def test_rules_cover_every_column() -> None:
    """The contract of the file names each column once."""
    assert sorted(rule.column for rule in RULES) == sorted(COLUMNS)
