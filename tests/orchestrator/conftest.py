"""Simulated students, and the services of a run without a network."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.data.validation import check_students
from orchestrator.training.release.publication import BundleStore
from orchestrator.training.services import Services
from orchestrator.training.settings import Settings
from orchestrator.training.storage import Stores
from orchestrator.training.tracking import Tracking
from tests.orchestrator.bucket import FakeBucket, store_over


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
    settings = Settings((tmp_path / "mlruns").as_uri(), "models", "artifacts")
    # MLflow's artifact code asks for the default store, which would be a folder where tests run.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.tracking_uri)
    models, artifacts = store_over(FakeBucket()), store_over(FakeBucket())
    services = Services(
        settings,
        Stores(models, artifacts),
        Tracking(settings),
        BundleStore(models, settings.model_name),
    )
    monkeypatch.setattr(Tracking, "check", lambda self: None)
    monkeypatch.setattr(Services, "open", classmethod(lambda cls: services))
    return services
