"""One verified model version, ready to answer: load, check, predict."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime

from contract.bundle import BundleError, Manifest
from contract.features import FEATURES
from contract.grades import GPA_RANGE, GRADES

Matrix = npt.NDArray[np.float32]

GOLDEN_TOLERANCE = 1e-4
PROBABILITY_TOLERANCE = 1e-3
"""How far from 1 the probabilities of a row may sum."""


class Predictions(NamedTuple):
    """Answers for n rows: class probabilities float32 (n, 5) in GRADES order, gpa float32 (n,)."""

    probabilities: Matrix
    gpa: Matrix


class Predictor:
    """A model version: `predict` for any number of rows, and the manifest it came with.

    Building one runs the golden rows and the corners of the accepted ranges through the model;
    BundleError says which check it did not pass. A built Predictor is safe to share by threads.
    """

    def __init__(self, manifest: Manifest, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self.manifest = manifest
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors have no public root
            raise self._refused("model.onnx cannot be loaded") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        names = [output.name for output in outputs]
        if len(inputs) != 1 or not {"probabilities", "gpa"} <= set(names):
            raise self._refused(
                "model.onnx must have one input and the outputs probabilities and gpa"
            )
        self._input = inputs[0].name
        self.check_golden_rows()
        self._check_corners()

    def predict(self, rows: npt.ArrayLike) -> Predictions:
        """Return the predictions for ``rows`` (n, 9), raw features in contract order."""
        features = np.ascontiguousarray(rows, dtype=np.float32).reshape(-1, len(FEATURES))
        probabilities, gpa = self._session.run(["probabilities", "gpa"], {self._input: features})
        return Predictions(
            np.asarray(probabilities, dtype=np.float32),
            np.asarray(gpa, dtype=np.float32).reshape(-1).clip(*GPA_RANGE),
        )

    def check_golden_rows(self) -> None:
        """Raise BundleError unless the golden rows still give the answers of the manifest."""
        golden = self.manifest.golden
        try:
            rows, wanted, gpa = map(np.array, (golden.rows, golden.probabilities, golden.gpa))
        except ValueError as error:
            raise self._refused("golden rows have no regular shape") from error
        if len(rows) == 0:
            raise self._refused("there are no golden rows")
        answers = self._checked(rows, "golden rows")
        if answers.probabilities.shape != wanted.shape or answers.gpa.shape != gpa.shape:
            raise self._refused("golden rows and their answers have different shapes")
        difference = max(
            np.abs(answers.probabilities - wanted).max(), np.abs(answers.gpa - gpa).max()
        )
        if difference > GOLDEN_TOLERANCE:
            raise self._refused(
                f"golden rows differ by {difference:.2g}, more than {GOLDEN_TOLERANCE:g}"
            )

    def _check_corners(self) -> None:
        low = np.array([f.minimum for f in FEATURES], dtype=np.float64)
        high = np.array([f.maximum for f in FEATURES], dtype=np.float64)
        one = np.eye(len(FEATURES), dtype=bool)
        rows = np.vstack([low, high, np.where(one, high, low), np.where(one, low, high)])
        self._checked(rows, "corners of the accepted ranges")

    def _checked(self, rows: npt.NDArray[np.float64], what: str) -> Predictions:
        try:
            answers = self.predict(rows)
        except Exception as error:  # onnxruntime's errors have no public root
            raise self._refused(f"cannot answer {what}") from error
        n = len(rows)
        if answers.probabilities.shape != (n, len(GRADES)) or answers.gpa.shape != (n,):
            raise self._refused(f"{what} give another shape")
        off = np.abs(answers.probabilities.sum(axis=1) - 1)
        if not (
            np.isfinite(answers.gpa).all()
            and (answers.probabilities >= 0).all()
            and (off <= PROBABILITY_TOLERANCE).all()
        ):
            raise self._refused(f"{what} give no probabilities")
        return answers

    def _refused(self, reason: str) -> BundleError:
        return BundleError(f"version {self.manifest.version}: {reason}")
