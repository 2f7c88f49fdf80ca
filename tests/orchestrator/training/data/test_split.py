"""The fixed, stratified split."""

from __future__ import annotations

import pandas as pd

from orchestrator.training.data.split import split_students


def test_split_is_fixed_stratified_and_whole(frame: pd.DataFrame) -> None:
    """70/15/15, the same every time, each grade in each split, every student once."""
    split = split_students(frame)
    pd.testing.assert_frame_equal(split, split_students(frame))
    shares = split["split"].value_counts(normalize=True)
    assert shares.round(2).to_dict() == {"train": 0.7, "validation": 0.15, "test": 0.15}
    assert split.groupby("split")["GradeClass"].nunique().tolist() == [5, 5, 5]
    # Never by file order: the noisy tail would end up in one split.
    assert split["split"].iloc[-100:].nunique() == 3
