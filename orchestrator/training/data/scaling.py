"""The MinMaxScaler of the training split: fitted once and logged; models fit the same one inside."""

import io
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.preprocessing import MinMaxScaler

from contract.features import FEATURE_NAMES


def fit_scaler(train: pd.DataFrame) -> MinMaxScaler:
    """Fit on the nine features of ``train``, as candidates do."""
    values = train[list(FEATURE_NAMES)].to_numpy(dtype=np.float32).astype(np.float64)
    return MinMaxScaler().fit(values)


def describe_scaler(scaler: MinMaxScaler) -> dict[str, Any]:
    """Return minimum, maximum, scale and offset per feature, as JSON values."""
    return {
        name: {
            "minimum": float(scaler.data_min_[k]),
            "maximum": float(scaler.data_max_[k]),
            "scale": float(scaler.scale_[k]),
            "offset": float(scaler.min_[k]),
        }
        for k, name in enumerate(FEATURE_NAMES)
    }


def dump_scaler(scaler: MinMaxScaler) -> bytes:
    """Return the scaler as joblib bytes (an artifact for people; nothing serves from it)."""
    buffer = io.BytesIO()
    joblib.dump(scaler, buffer)
    return buffer.getvalue()
