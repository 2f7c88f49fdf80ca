"""The MLflow model holds exactly the bytes that serve."""

from __future__ import annotations

from orchestrator.training.data.students import Students
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.release.mlflow_model import mlflow_files


def test_the_served_bytes_are_inside(students: Students) -> None:
    """model.onnx is the model; MLmodel names both outputs."""
    model = GaussianGpa().fit(students.features, students.grades, students.gpa).to_onnx()
    files = mlflow_files(model)
    assert files["model/model.onnx"] == model
    assert b"probabilities" in files["model/MLmodel"] and b"gpa" in files["model/MLmodel"]
