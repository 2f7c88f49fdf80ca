"""The fixed split: 70 % train, 15 % validation, 15 % test, stratified by grade, never by order."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from contract.grades import TARGET

SPLIT = "split"
TRAIN, VALIDATION, TEST, RECENT = "train", "validation", "test", "recent"
SPLIT_SEED = 42
"""Fixed and apart from the run's seed: champions of different runs meet the same held-out rows."""
HELD_OUT = 0.30
RECENT_HELD_OUT = 0.40
"""Share of newly labelled rows kept out of training, on which gate and champion are compared."""


def split_students(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with a ``split`` column of train, validation and test."""
    rows = np.arange(len(frame))
    train, rest = train_test_split(
        rows, test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=frame[TARGET]
    )
    validation, _test = train_test_split(
        rest, test_size=0.5, random_state=SPLIT_SEED, stratify=frame[TARGET].iloc[rest]
    )
    names = np.full(len(frame), TEST, dtype=object)
    names[train], names[validation] = TRAIN, VALIDATION
    return frame.assign(**{SPLIT: names})


def split_labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return newly labelled rows with ``split`` train or recent (not stratified: may be few)."""
    order = np.random.default_rng(SPLIT_SEED).permutation(len(frame))
    names = np.full(len(frame), TRAIN, dtype=object)
    names[order[: round(RECENT_HELD_OUT * len(frame))]] = RECENT
    return frame.assign(**{SPLIT: names})
