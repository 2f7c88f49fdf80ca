"""The steps of the data_processing pipeline; each Mage block calls one of them."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import pandas as pd
from sklearn.preprocessing import MinMaxScaler

from contract.grades import GRADES, TARGET
from orchestrator.training.data.datasets import (
    Dataset,
    Notes,
    Provenance,
    Quality,
    export_dataset,
)
from orchestrator.training.data.label_noise import inspect_labels
from orchestrator.training.data.labelled import read_labelled
from orchestrator.training.data.meaning import check_meaning
from orchestrator.training.data.pseudonym import Pseudonyms
from orchestrator.training.data.scaling import describe_scaler, dump_scaler, fit_scaler
from orchestrator.training.data.source import DATA_FOLDER, load_source
from orchestrator.training.data.split import (
    SPLIT,
    TRAIN,
    duplicates,
    split_students,
)
from orchestrator.training.data.students import RECENT_FLAG, Students
from orchestrator.training.data.validation import check_students, write_quarantine
from orchestrator.training.errors import DataContractError
from orchestrator.training.progress import pretty, step, tell
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

PROVENANCE = "provenance"
"""A column with the same JSON in every row: of a table Mage keeps columns only, no attributes."""


@step
def load_students(variables: Variables) -> pd.DataFrame:
    """Return the raw students (text) with their provenance."""
    source = load_source(variables.csv)
    return _with_provenance(
        source.frame, Provenance(source.origin, source.kind, len(source.frame), {}, [])
    )


@step
def validate_students(raw: pd.DataFrame, variables: Variables) -> pd.DataFrame:
    """Return the rows that keep the data contract; raises DataContractError otherwise.

    With ``skip_bad_rows`` the others go to ``data/rejected-<file>.csv``, a reason each. This is the
    only check of a run: its findings travel with the rows to the quality report.
    """
    frame, source = _apart(raw)
    checked = check_students(frame, source.origin, variables.skip_bad_rows)
    check_meaning(Students.from_frame(checked.accepted), source.origin)
    if len(checked.rejected):
        name = f"rejected-{Path(source.origin).stem.replace(':', '-')}.csv"
        target = write_quarantine(checked.rejected, DATA_FOLDER / name)
        tell(
            f"{len(checked.rejected)} of {len(raw)} rows rejected; they are in "
            f"{target.parent.name}/{target.name} with a reason each"
        )
    problems = dict(Counter(problem.column for problem in checked.problems).most_common())
    return _with_provenance(
        checked.accepted,
        replace(source, problems_by_column=problems, ignored_columns=checked.ignored_columns),
    )


@step
def report_quality(accepted: pd.DataFrame) -> Quality:
    """Return the contract and label-noise report, and tell what it says."""
    frame, source = _apart(accepted)
    students = Students.from_frame(frame)
    noise = inspect_labels(students.grades, students.gpa)
    tell(f"{len(accepted)} of {source.rows} rows keep the data contract")
    tell(f"Label noise: {noise.describe()}")
    for index in sorted(set(range(len(GRADES))) - set(students.grades.tolist())):
        tell(f"No student has grade {GRADES[index]}: nobody can say how well it is told")
    return Quality(
        rows=source.rows,
        accepted=len(accepted),
        rejected=source.rows - len(accepted),
        problems_by_column=source.problems_by_column,
        ignored_columns=source.ignored_columns,
        label_noise=noise,
        label_noise_text=noise.describe(),
    )


@step
def split(accepted: pd.DataFrame, variables: Variables) -> pd.DataFrame:
    """Return all rows with their ``split``, newly labelled predictions among them if asked for.

    From here on a student goes by a pseudonym.
    """
    services = Services.open()
    frame = accepted.assign(**{RECENT_FLAG: False})
    if variables.labelled:
        recent = read_labelled(services.settings.database_url)
        tell(f"{len(recent)} newly labelled predictions join the training data")
        check_meaning(Students.from_frame(recent), "newly labelled predictions")
        frame = pd.concat([frame, recent], ignore_index=True)
    if copies := duplicates(frame):
        tell(f"{copies} rows repeat an earlier one under another id; they stay on one side")
    return split_students(frame, Pseudonyms.of(services.stores.artifacts))


@step
def scale(frame: pd.DataFrame) -> MinMaxScaler:
    """Return the scaler, fitted on the training split."""
    return fit_scaler(frame[frame[SPLIT] == TRAIN])


@step
def export(
    frame: pd.DataFrame, quality: Quality, scaler: MinMaxScaler, variables: Variables
) -> Dataset:
    """Log the run with its artifacts to MLflow, write the splits to S3, return the data set."""
    services = Services.open()
    services.check()
    tracking = services.tracking
    students, source = _apart(frame)
    tags = {"pipeline": "data_processing", "data": source.kind}
    with tracking.failing(tracking.start_run("data_processing", tags)) as run_id:
        notes = Notes(quality, variables.as_dict())
        dataset = export_dataset(services.stores.artifacts, students, source, run_id, notes)
        tracking.log_files(
            run_id,
            {
                "scaler/min_max_scaler.joblib": dump_scaler(scaler),
                "scaler/min_max_scaler.json": pretty(describe_scaler(scaler)),
                "quality.json": pretty(quality),
                "dataset.json": pretty(dataset),
            },
        )
        counts = frame[TARGET].value_counts()
        tracking.log(
            run_id,
            params={"dataset": dataset.dataset, "origin": source.origin, **variables.as_dict()},
            metrics={f"rows_{name}": rows for name, rows in dataset.rows.items()}
            | {f"grade_{int(grade)}": int(count) for grade, count in counts.items()},
        )
    tracking.end_run(run_id)
    rows = ", ".join(f"{name} {count}" for name, count in dataset.rows.items())
    tell(f"Data set {dataset.dataset} from {source.origin}: {rows}")
    return dataset


def _with_provenance(frame: pd.DataFrame, provenance: Provenance) -> pd.DataFrame:
    return frame.assign(**{PROVENANCE: msgspec.json.encode(provenance).decode()})


def _apart(frame: pd.DataFrame) -> tuple[pd.DataFrame, Provenance]:
    if frame.empty:
        raise DataContractError("the students file has no rows below its header")
    provenance = msgspec.json.decode(frame[PROVENANCE].iloc[0], type=Provenance)
    return frame.drop(columns=PROVENANCE), provenance
