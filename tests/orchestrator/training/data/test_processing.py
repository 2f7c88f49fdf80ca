"""data_processing: failures are named, and a run that dies is closed as failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from orchestrator.training.data import processing
from orchestrator.training.data.pseudonym import Pseudonyms
from orchestrator.training.errors import DataContractError, ServiceError, VariableError
from orchestrator.training.models import selection
from orchestrator.training.services import Services
from tests.orchestrator.support.pipeline import (
    experiments,
    labelled_rows,
    newcomers,
    process,
    with_csv,
)

pytestmark = [
    pytest.mark.usefixtures("two_candidates", "data_folder"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_failures_are_named(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad rows, no data set, no database; a run that dies in the middle is closed as failed."""
    with pytest.raises(DataContractError, match="students.csv: line 5, column Music"):
        process(with_csv(students_file, skip_bad_rows=False))
    with pytest.raises(ServiceError, match="run data_processing first"):
        selection.load_datasets()
    with pytest.raises(VariableError, match="DATABASE_URL"):
        process(with_csv(students_file, labelled=True))

    def broken(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(processing, "export_dataset", broken)
    with pytest.raises(KeyboardInterrupt):
        process(with_csv(students_file))
    monkeypatch.undo()
    runs = services.tracking.client.search_runs(["0", *experiments(services)])
    assert {run.info.status for run in runs} == {"FAILED"}


def test_no_id_of_a_student_is_kept(
    services: Services, students_file: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a file, a rejected row, and the same student in the stream WHEN processed THEN the data
    sets know him by one pseudonym, and nobody's id or rejected value is in any object or file."""
    raw = pd.read_csv(students_file, dtype=str)
    raw["StudentID"] = [str(739_100_000 + number) for number in range(len(raw))]
    raw.to_csv(students_file, index=False)
    recent = labelled_rows(newcomers(60))
    recent.loc[0, "StudentID"] = raw["StudentID"][0]
    monkeypatch.setattr(processing, "read_labelled", lambda url: recent)
    dataset = process(with_csv(students_file, labelled=True))
    store = services.stores.artifacts
    tables = {name: store.get_frame(key) for name, key in dataset["keys"].items()}
    assert set(tables) == {"train", "validation", "test", "recent", "reference", "audit"}
    name = Pseudonyms.of(store).name(raw["StudentID"][0])
    rows = pd.concat([tables[split] for split in ("train", "validation", "test", "recent")])
    assert (rows["student_id"] == name).sum() == 2
    assert len(rows) == 860 and rows["recent"].sum() == 60
    for table in tables.values():
        assert table["student_id"].str.fullmatch("[0-9a-f]{32}").all()
    bucket = store._client  # pylint: disable=protected-access
    assert not [key for key, data in bucket.objects.items() if b"7391000" in data]
    rejected = pd.read_csv(data_folder / "rejected-students.csv")
    assert list(rejected) == ["line", "reason"] and rejected["line"].tolist() == [5]
