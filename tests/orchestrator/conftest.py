"""Simulated students, and the services of a run without a network."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from orchestrator.training.data import processing
from orchestrator.training.data.pseudonym import KEY_FILE
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.data.validation import check_students
from orchestrator.training.models import candidates
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.services import Services
from orchestrator.training.settings import Settings
from orchestrator.training.storage import Stores
from orchestrator.training.tracking import Tracking
from tests.orchestrator.support.bucket import FakeBucket, store_over


@pytest.fixture(name="frame", scope="session")
def simulated_frame() -> pd.DataFrame:
    """1,200 simulated students that keep the data contract."""
    return check_students(simulate_students(1200, seed=5).astype(str), "simulator").accepted


@pytest.fixture(name="students", scope="session")
def simulated_students(frame: pd.DataFrame) -> Students:
    """The same students as arrays."""
    return Students.from_frame(frame)


@pytest.fixture(name="services")
def offline_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Real MLflow tracking and registry in a folder, buckets in memory; what steps open."""
    settings = Settings("models", "artifacts", tracking_uri=(tmp_path / "mlruns").as_uri())
    # MLflow's artifact code asks for the default store, which would be a folder where tests run.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.tracking_uri)
    models, artifacts = store_over(FakeBucket()), store_over(FakeBucket())
    # The same splits in every run of the tests.
    artifacts.put_json(KEY_FILE, {"key": "00"})
    services = Services(settings, Stores(models, artifacts), Tracking(settings))
    monkeypatch.setattr(Tracking, "check", lambda self: None)
    monkeypatch.setattr(Services, "open", classmethod(lambda cls: services))
    return services


@pytest.fixture(name="two_candidates")
def only_two_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two quick candidates are enough to see the steps fit together."""
    few = (BY_NAME["gpa_gaussian"], BY_NAME["decision_tree"])
    monkeypatch.setattr(candidates, "CANDIDATES", few)


@pytest.fixture(name="students_file")
def a_students_file(tmp_path: Path) -> str:
    """A file with 800 good rows and a bad one."""
    frame = simulate_students(801, seed=5).astype(str)
    frame.loc[3, "Music"] = "loud"
    path = tmp_path / "students.csv"
    frame.to_csv(path, index=False)
    return str(path)


@pytest.fixture(name="data_folder")
def a_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Quarantine files go to a folder of the test."""
    monkeypatch.setattr(processing, "DATA_FOLDER", tmp_path / "data")
    return tmp_path / "data"
