"""The steps of the data_processing pipeline; each Mage block calls one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from contract.grades import TARGET
from orchestrator.training.data.datasets import export_dataset
from orchestrator.training.data.label_noise import inspect_labels
from orchestrator.training.data.labelled import read_labelled
from orchestrator.training.data.scaling import describe_scaler, dump_scaler, fit_scaler
from orchestrator.training.data.source import DATA_FOLDER, load_source
from orchestrator.training.data.split import SPLIT, TRAIN, split_labelled, split_students
from orchestrator.training.data.students import Students
from orchestrator.training.data.validation import check_students, write_quarantine
from orchestrator.training.progress import pretty, step, tell
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

ORIGIN, KIND = "origin", "kind"


@step
def load_students(variables: Variables) -> pd.DataFrame:
    """Return the raw students (text) with the columns ``origin`` and ``kind``."""
    source = load_source(variables.csv)
    return source.frame.assign(**{ORIGIN: source.origin, KIND: source.kind})


@step
def validate_students(raw: pd.DataFrame, variables: Variables) -> pd.DataFrame:
    """Return the rows that keep the data contract; raises DataContractError otherwise.

    With ``skip_bad_rows`` the others go to ``data/rejected-<file>.csv``, a reason each.
    """
    origin = str(raw[ORIGIN].iloc[0]) if len(raw) else "students"
    checked = check_students(raw.drop(columns=[ORIGIN, KIND]), origin, variables.skip_bad_rows)
    if len(checked.rejected):
        name = f"rejected-{Path(origin).stem.replace(':', '-')}.csv"
        target = write_quarantine(checked.rejected, DATA_FOLDER / name)
        tell(
            f"{len(checked.rejected)} of {len(raw)} rows rejected; they are in "
            f"{target.parent.name}/{target.name} with a reason each"
        )
    return checked.accepted.assign(**{ORIGIN: origin, KIND: str(raw[KIND].iloc[0])})


@step
def report_quality(raw: pd.DataFrame, accepted: pd.DataFrame) -> dict[str, Any]:
    """Return the contract and label-noise report, and log its finding."""
    checked = check_students(raw.drop(columns=[ORIGIN, KIND]), "", skip_bad_rows=True)
    students = Students.from_frame(accepted)
    noise = inspect_labels(students.grades, students.gpa)
    tell(f"{len(accepted)} of {len(raw)} rows keep the data contract")
    tell(f"Label noise: {noise.describe()}")
    columns = pd.Series([problem.column for problem in checked.problems], dtype=object)
    return {
        "rows": len(raw),
        "accepted": len(accepted),
        "rejected": len(checked.rejected),
        "problems_by_column": {str(k): int(v) for k, v in columns.value_counts().items()},
        "ignored_columns": checked.ignored_columns,
        "label_noise": noise.as_dict(),
        "label_noise_text": noise.describe(),
    }


@step
def split(accepted: pd.DataFrame, variables: Variables) -> pd.DataFrame:
    """Return all rows with their ``split``, newly labelled predictions among them if asked for."""
    frame = split_students(accepted)
    if not variables.labelled:
        return frame
    recent = read_labelled(Services.open().settings.database_url)
    tell(f"{len(recent)} newly labelled predictions join the training data")
    return pd.concat([frame, split_labelled(recent)], ignore_index=True)


@step
def scale(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the scaler's numbers per feature, fitted on the training split."""
    return describe_scaler(fit_scaler(frame[frame[SPLIT] == TRAIN]))


@step
def export(
    frame: pd.DataFrame, quality: dict[str, Any], scaler: dict[str, Any], variables: Variables
) -> dict[str, Any]:
    """Log the run with its artifacts to MLflow, write the splits to S3, return the data set."""
    services = Services.open()
    services.check()
    tracking = services.tracking
    kind, origin = str(frame[KIND].iloc[0]), str(frame[ORIGIN].iloc[0])
    run_id = tracking.start_run("data_processing", {"pipeline": "data_processing", "data": kind})
    try:
        dataset = export_dataset(
            services.stores.artifacts,
            frame.drop(columns=[ORIGIN, KIND]),
            {"name": origin, "kind": kind, "run_id": run_id},
            {"quality": quality, "variables": variables.as_dict()},
        )
        fitted = fit_scaler(frame[frame[SPLIT] == TRAIN])
        tracking.log_files(
            run_id,
            {
                "scaler/min_max_scaler.joblib": dump_scaler(fitted),
                "scaler/min_max_scaler.json": pretty(scaler),
                "quality.json": pretty(quality),
                "dataset.json": pretty(dataset.as_dict()),
            },
        )
        counts = frame[TARGET].value_counts()
        tracking.log(
            run_id,
            params={"dataset": dataset.dataset, "origin": origin, **variables.as_dict()},
            metrics={f"rows_{name}": rows for name, rows in dataset.rows.items()}
            | {f"grade_{int(grade)}": int(count) for grade, count in counts.items()},
        )
    except BaseException:
        tracking.end_run(run_id, "FAILED")
        raise
    tracking.end_run(run_id)
    tell(f"Data set {dataset.dataset} from {origin}: {dataset.rows}")
    return dataset.as_dict()
