"""Environments by name: their variables, for as long as they are entered."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pytest

from orchestrator import environments
from orchestrator.environments import Environment
from orchestrator.training.errors import VariableError


def test_an_environment_of_the_cloud() -> None:
    found = Environment.named("prod", "school-prod")
    assert found.trains and not Environment.named("stg").trains
    assert found.variables["MODEL_BUCKET"] == "student-performance-prod-models"
    assert found.variables["ARTIFACT_BUCKET"] == "student-performance-prod-artifacts"
    assert found.variables["AWS_PROFILE"] == "school-prod"
    assert "AWS_PROFILE" not in Environment.named("stg").variables


def test_the_local_one_is_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    monkeypatch.setattr(environments, "LOCAL", file)
    with pytest.raises(VariableError, match="make up"):
        Environment.named("local")
    file.write_text("MODEL_BUCKET=m\nMLFLOW_TRACKING_URI='http://127.0.0.1:5000'\n")
    found = Environment.named("local")
    assert found.variables == {
        "MODEL_BUCKET": "m",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
    }
    assert not found.trains  # its MLflow is within reach: the caller publishes


def test_an_unknown_one_is_refused_by_name() -> None:
    with pytest.raises(VariableError, match="'qa': accepted is prod, stg, or local"):
        Environment.named("qa")


def test_entered_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another environment's MLflow and credentials are not this one's."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "first")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    before = dict(os.environ)
    boto3.client("s3", region_name="us-east-1")
    one = Environment("one", {"AWS_ACCESS_KEY_ID": "second", "AWS_REGION": "eu-west-1"}, False)
    with one.entered():
        assert "MLFLOW_TRACKING_URI" not in os.environ
        credentials = boto3.DEFAULT_SESSION.get_credentials()
        assert credentials.access_key == "second"
    assert boto3.DEFAULT_SESSION.get_credentials().access_key == "first"
    assert dict(os.environ) == before
