"""Does the ONNX model answer like the fitted one, on every row and in every output?"""

from dataclasses import dataclass

import numpy as np
import onnxruntime

from contract.grades import GRADES
from contract.scores import Floats
from orchestrator.training.errors import ConversionError
from orchestrator.training.models.estimators import GradeModel
from orchestrator.training.models.graph import INPUT, OUTPUTS

MAX_DIFFERENCE = 1e-4
"""Largest accepted |dp| and |dGPA|; the same tolerance serving applies to golden rows."""


@dataclass(frozen=True)
class Parity:
    """Differences between a fitted model and its ONNX file over all rows."""

    rows: int
    flips: int
    max_difference: float
    max_gpa_difference: float

    @property
    def holds(self) -> bool:
        """True if no class flips and nothing differs by more than MAX_DIFFERENCE."""
        largest = max(self.max_difference, self.max_gpa_difference)
        return self.flips == 0 and largest <= MAX_DIFFERENCE

    def describe(self) -> str:
        """Return what was measured, with what is accepted."""
        return (
            f"{self.flips} class flips and |dp| up to {self.max_difference:.1e} over "
            f"{self.rows} rows (accepted: 0 and {MAX_DIFFERENCE:.0e})"
        )


class OnnxModel:
    """A served model: ``predict`` gives exactly what the Lambda function will give."""

    def __init__(self, data: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # pylint: disable=broad-exception-caught
            # onnxruntime's own exception types derive from Exception only.
            raise ConversionError(f"the model is not readable by onnxruntime: {error}") from error
        names = tuple(output.name for output in self._session.get_outputs())
        if set(OUTPUTS) - set(names) or self._session.get_inputs()[0].name != INPUT:
            raise ConversionError(f"the model's outputs are {names}, not {OUTPUTS}")

    def predict(self, features: Floats) -> tuple[Floats, Floats]:
        """Return probabilities (n, 5) and GPA (n,) of raw features (n, 9)."""
        rows = np.ascontiguousarray(features, dtype=np.float32)
        probabilities, gpa = self._session.run(list(OUTPUTS), {INPUT: rows})
        if probabilities.shape != (len(rows), len(GRADES)) or gpa.shape != (len(rows),):
            raise ConversionError(f"output shapes {probabilities.shape} and {gpa.shape}")
        return probabilities.astype(np.float64), gpa.astype(np.float64)

    def probabilities(self, features: Floats) -> Floats:
        """Return probabilities (n, 5) alone."""
        return self.predict(features)[0]


def measure_parity(model: GradeModel, data: bytes, features: Floats) -> Parity:
    """Compare ``model`` with its ONNX bytes on ``features`` (n, 9)."""
    expected = model.predict_proba(features)
    got, gpa = OnnxModel(data).predict(features)
    return Parity(
        rows=len(features),
        flips=int((expected.argmax(axis=1) != got.argmax(axis=1)).sum()),
        max_difference=float(np.abs(expected - got).max()),
        max_gpa_difference=float(np.abs(model.predict_gpa(features) - gpa).max()),
    )
