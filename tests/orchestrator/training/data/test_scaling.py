"""The scaler of the training split."""

from __future__ import annotations

import pandas as pd

from contract.features import FEATURE_NAMES
from orchestrator.training.data.scaling import describe_scaler, dump_scaler, fit_scaler


def test_scaler_is_described(frame: pd.DataFrame) -> None:
    """Nine features with the scaler's numbers, and bytes people can load."""
    scaler = fit_scaler(frame)
    described = describe_scaler(scaler)
    assert list(described) == list(FEATURE_NAMES)
    assert described["Absences"]["maximum"] == frame["Absences"].max()
    assert len(dump_scaler(scaler)) > 100
