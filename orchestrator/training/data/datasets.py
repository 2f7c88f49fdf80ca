"""The processed data set in S3: splits as parquet, who they came from, and the latest pointer.

``datasets/ID/{train,validation,test}.parquet`` hold student_id (a pseudonym, see pseudonym.py), the
nine features, GradeClass (as given), GPA, CleanGradeClass (from GPA), whether the row is
``recent``, from the stream, and its ``group``; the split ``recent`` holds held-out newly labelled rows where there
are any; ``reference`` is train without GPA (monitoring's input reference); ``audit`` alone holds
demographics, for the fairness audit. ``datasets/latest.json`` names the newest.
"""

import hashlib
from dataclasses import dataclass

import msgspec
import pandas as pd

from contract.features import DEMOGRAPHICS, FEATURE_NAMES, IDENTIFIER
from contract.grades import TARGET
from orchestrator.training.data.label_noise import LabelNoise
from orchestrator.training.data.split import RECENT, SPLIT, TEST, TRAIN, VALIDATION
from orchestrator.training.data.students import GROUP, RECENT_FLAG, Students
from orchestrator.training.errors import ServiceError
from orchestrator.training.storage import ObjectStore

LATEST = "datasets/latest.json"
STUDENT_ID = "student_id"
CLEAN = "CleanGradeClass"
AUDIT, REFERENCE = "audit", "reference"
COLUMNS = [STUDENT_ID, *FEATURE_NAMES, TARGET, "GPA", CLEAN, RECENT_FLAG, GROUP]


@dataclass(frozen=True)
class Provenance:
    """Where students come from, and what the data contract found; it travels in their table."""

    origin: str
    kind: str
    rows: int
    problems_by_column: dict[str, int]
    ignored_columns: list[str]


@dataclass(frozen=True)
class Quality:
    """The quality report: the data contract's findings and the label noise."""

    rows: int
    accepted: int
    rejected: int
    problems_by_column: dict[str, int]
    ignored_columns: list[str]
    label_noise: LabelNoise
    label_noise_text: str


@dataclass(frozen=True)
class Notes:
    """How a data set came about."""

    quality: Quality
    variables: dict[str, object]


@dataclass(frozen=True)
class Dataset:
    """What ``latest.json`` says: an id (content hash), origin, rows per split and object keys."""

    dataset: str
    origin: str
    kind: str
    run_id: str
    rows: dict[str, int]
    keys: dict[str, str]
    notes: Notes


def export_dataset(
    store: ObjectStore, frame: pd.DataFrame, source: Provenance, run_id: str, notes: Notes
) -> Dataset:
    """Write the splits of ``frame`` to S3, then latest.json; the same data gives the same keys."""
    tables = tables_of(frame)
    digest = hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    name = digest.hexdigest()[:16]
    keys = {split: f"datasets/{name}/{split}.parquet" for split in tables}
    for split, table in tables.items():
        store.put_frame(keys[split], table)
    rows = {split: len(table) for split, table in tables.items()}
    dataset = Dataset(name, source.origin, source.kind, run_id, rows, keys, notes)
    store.put_json(f"datasets/{name}/dataset.json", dataset)
    store.put_json(LATEST, dataset)
    return dataset


def latest_dataset(store: ObjectStore) -> Dataset:
    """Return the newest data set; raises ServiceError if data_processing never ran."""
    latest = store.get_json(LATEST)
    if latest is None:
        raise ServiceError("S3", store.bucket, f"{LATEST} is missing: run data_processing first")
    return msgspec.convert(latest, Dataset)


def load_split(store: ObjectStore, dataset: Dataset, split: str) -> pd.DataFrame:
    """Return one split as a table."""
    return store.get_frame(dataset.keys[split])


def tables_of(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables to store, by split name."""
    named = frame.rename(columns={IDENTIFIER: STUDENT_ID}).reset_index(drop=True)
    named[CLEAN] = Students.from_frame(named).clean_grades
    tables = {
        split: named.loc[named[SPLIT] == split, COLUMNS]
        for split in (TRAIN, VALIDATION, TEST, RECENT)
        if (named[SPLIT] == split).any()
    }
    tables[REFERENCE] = tables[TRAIN][[STUDENT_ID, *FEATURE_NAMES, TARGET]]
    known = named[named[list(DEMOGRAPHICS)].notna().all(axis=1)]
    tables[AUDIT] = known[[STUDENT_ID, *DEMOGRAPHICS, *FEATURE_NAMES, TARGET, "GPA", GROUP]]
    return tables
