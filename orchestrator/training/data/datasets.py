"""The processed data set in S3: splits as parquet, who they came from, and the latest pointer.

``datasets/ID/{train,validation,test}.parquet`` hold student_id, the nine features, GradeClass (as
given), GPA and CleanGradeClass (from GPA); ``recent`` holds held-out newly labelled rows where there
are any; ``reference`` is train without GPA (monitoring's input reference); ``audit`` alone holds
demographics, for the fairness audit. ``datasets/latest.json`` names the newest.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from contract.features import DEMOGRAPHICS, FEATURE_NAMES, IDENTIFIER
from contract.grades import TARGET, grade_class
from orchestrator.training.data.split import RECENT, SPLIT, TEST, TRAIN, VALIDATION
from orchestrator.training.errors import ServiceError
from orchestrator.training.storage import ObjectStore

LATEST = "datasets/latest.json"
STUDENT_ID = "student_id"
CLEAN = "CleanGradeClass"
AUDIT, REFERENCE = "audit", "reference"
COLUMNS = [STUDENT_ID, *FEATURE_NAMES, TARGET, "GPA", CLEAN]


@dataclass(frozen=True)
class Dataset:
    """What ``latest.json`` says: an id (content hash), origin, rows per split and object keys."""

    dataset: str
    origin: str
    kind: str
    run_id: str
    rows: dict[str, int]
    keys: dict[str, str]
    notes: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the description as JSON values."""
        return asdict(self)


def export_dataset(
    store: ObjectStore, frame: pd.DataFrame, origin: dict[str, str], notes: dict[str, Any]
) -> Dataset:
    """Write the splits of ``frame`` to S3, then latest.json; the same data gives the same keys.

    ``origin`` has name, kind and run_id.
    """
    tables = tables_of(frame)
    digest = hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    name = digest.hexdigest()[:16]
    keys = {split: f"datasets/{name}/{split}.parquet" for split in tables}
    for split, table in tables.items():
        store.put_frame(keys[split], table)
    dataset = Dataset(
        dataset=name,
        origin=origin["name"],
        kind=origin["kind"],
        run_id=origin["run_id"],
        rows={split: len(table) for split, table in tables.items()},
        keys=keys,
        notes=notes,
    )
    store.put_json(f"datasets/{name}/dataset.json", dataset.as_dict())
    store.put_json(LATEST, dataset.as_dict())
    return dataset


def latest_dataset(store: ObjectStore) -> Dataset:
    """Return the newest data set; raises ServiceError if data_processing never ran."""
    found = store.get_json(LATEST)
    if found is None:
        raise ServiceError("S3", store.bucket, f"{LATEST} is missing: run data_processing first")
    return Dataset(**found)


def load_split(store: ObjectStore, dataset: Dataset, split: str) -> pd.DataFrame:
    """Return one split as a table."""
    return store.get_frame(dataset.keys[split])


def tables_of(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables to store, by split name."""
    named = frame.rename(columns={IDENTIFIER: STUDENT_ID}).reset_index(drop=True)
    gpa = named["GPA"].to_numpy(dtype=np.float64)
    clean = np.where(np.isfinite(gpa), grade_class(np.nan_to_num(gpa)), named[TARGET])
    named[CLEAN] = clean.astype("int64")
    tables = {
        split: named.loc[named[SPLIT] == split, COLUMNS]
        for split in (TRAIN, VALIDATION, TEST, RECENT)
        if (named[SPLIT] == split).any()
    }
    tables[REFERENCE] = tables[TRAIN][[STUDENT_ID, *FEATURE_NAMES, TARGET]]
    known = named[named[list(DEMOGRAPHICS)].notna().all(axis=1)]
    tables[AUDIT] = known[[STUDENT_ID, *DEMOGRAPHICS, *FEATURE_NAMES, TARGET, "GPA"]]
    return tables
