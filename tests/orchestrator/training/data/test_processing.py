"""data_processing: failures are named, and a run that dies is closed as failed."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.training.data import processing
from orchestrator.training.errors import DataContractError, ServiceError, VariableError
from orchestrator.training.models import selection
from orchestrator.training.services import Services
from tests.orchestrator.support.pipeline import experiments, process, with_csv

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
