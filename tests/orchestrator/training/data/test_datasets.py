"""The tables of a data set."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestrator.training.data.datasets import tables_of
from orchestrator.training.data.split import split_labelled, split_students


def test_tables_keep_demographics_apart(frame: pd.DataFrame) -> None:
    """Only the audit table holds demographics; newly labelled rows are never in it."""
    recent = split_labelled(
        frame.head(50).assign(Age=np.nan, Gender=np.nan, Ethnicity=np.nan, GPA=np.nan)
    )
    rows = pd.concat([split_students(frame).assign(recent=False), recent.assign(recent=True)])
    tables = tables_of(rows.reset_index(drop=True))
    for name, table in tables.items():
        assert ("Gender" in table.columns) == (name == "audit")
    assert len(tables["recent"]) == 20
    assert len(tables["audit"]) == len(frame)
    assert len(tables["train"]) == 840 + 30
    unknown = tables["recent"]
    assert (unknown["CleanGradeClass"] == unknown["GradeClass"]).all()
