"""The served ONNX bytes as an MLflow model, so that ``models:/NAME@champion`` loads what serves."""

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow.onnx
import numpy as np
import onnx
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from contract.bundle import MODEL_FILE
from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from orchestrator.training.models.graph import INPUT, OUTPUTS

FOLDER = "model"
FLOAT = np.dtype(np.float32)
SIGNATURE = ModelSignature(
    inputs=Schema([TensorSpec(FLOAT, (-1, len(FEATURE_NAMES)), INPUT)]),
    outputs=Schema(
        [TensorSpec(FLOAT, (-1, len(GRADES)), OUTPUTS[0]), TensorSpec(FLOAT, (-1,), OUTPUTS[1])]
    ),
)


def mlflow_files(model: bytes) -> dict[str, bytes]:
    """Return an MLflow model's files by artifact path; ``model.onnx`` holds exactly ``model``."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / FOLDER
        # With requirements given MLflow does not start an interpreter to find them out.
        mlflow.onnx.save_model(
            onnx.load_from_string(model),
            str(target),
            signature=SIGNATURE,
            pip_requirements=[
                f"{name}=={version(name)}" for name in ("mlflow", "onnx", "onnxruntime")
            ],
        )
        (target / MODEL_FILE).write_bytes(model)
        return {f"{FOLDER}/{file.name}": file.read_bytes() for file in target.iterdir()}
