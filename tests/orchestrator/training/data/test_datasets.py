"""The tables of a data set."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestrator.training.data.datasets import tables_of
from orchestrator.training.data.pseudonym import Pseudonyms
from orchestrator.training.data.split import split_students


def test_tables_keep_demographics_apart(frame: pd.DataFrame) -> None:
    """Only the audit table holds demographics; newly labelled rows are never in it."""
    unknown = {"Age": np.nan, "Gender": np.nan, "Ethnicity": np.nan, "GPA": np.nan}
    file = frame.assign(recent=False)
    recent = file.head(50).assign(StudentID=[f"new-{k}" for k in range(50)], recent=True, **unknown)
    recent["StudyTimeWeekly"] /= 2
    split = split_students(pd.concat([file, recent], ignore_index=True), Pseudonyms(b"key"))
    tables = tables_of(split)
    for name, table in tables.items():
        assert ("Gender" in table.columns) == (name == "audit")
        assert "student" not in table.columns
    assert len(tables["audit"]) == len(frame)
    assert tables["recent"]["recent"].all() and tables["recent"]["GPA"].isna().all()
    assert len(tables["recent"]) + tables["train"]["recent"].sum() == 50
    held = tables["recent"]
    assert (held["CleanGradeClass"] == held["GradeClass"]).all()
