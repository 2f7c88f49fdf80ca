"""scikit-learn classifiers as grade models: raw features in, five probabilities and a GPA out."""

from typing import Any, Protocol, Self

import numpy as np
import onnx
from onnx import helper
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from contract.features import FEATURE_NAMES
from contract.grades import GPA_CUTOFFS, GPA_RANGE, GRADES, grade_class
from contract.scores import Classes, Floats
from orchestrator.training.data.label_noise import random_share
from orchestrator.training.errors import ConversionError, TrainingError
from orchestrator.training.models.graph import INPUT, OPSET, OUTPUTS, finish_model

ML_OPSET = 3
_EDGES = (GPA_RANGE[1], *GPA_CUTOFFS, GPA_RANGE[0])
MIDPOINTS = tuple((upper + lower) / 2 for upper, lower in zip(_EDGES, _EDGES[1:]))
FEWEST = 5


class GradeModel(Protocol):
    """What every candidate can do; features are raw (n, 9) in contract order.

    ``eps`` is the share of random labels among those it was fitted on, as far as it knows.
    """

    eps: float

    def fit(
        self, features: Floats, grades: Classes, gpa: Floats, weights: Floats | None = None
    ) -> Self:
        """Fit; ``grades`` (n,) of 0..4, ``gpa`` (n,) may hold NaN, ``weights`` (n,) count rows."""

    def predict_proba(self, features: Floats) -> Floats:
        """Return probabilities (n, 5) of the true grade, in GRADES order."""

    def predict_gpa(self, features: Floats) -> Floats:
        """Return the expected GPA (n,)."""

    def to_onnx(self) -> bytes:
        """Return the model as ONNX; raises ConversionError."""


class SklearnGrades:
    """A scikit-learn classifier, behind a MinMaxScaler where the method needs one."""

    def __init__(self, classifier: Any, scaled: bool) -> None:
        # Trees split on order, so scaling cannot help them, and in float32 it moves thresholds
        # (measured: 57 of 2,392 rows off by > 1e-4 with a forest behind a scaler, one class flip).
        steps = [("scale", MinMaxScaler())] if scaled else []
        self.pipeline = Pipeline([*steps, ("classify", classifier)])
        self.class_gpa: Floats = np.zeros(0)
        self.seen: list[int] = []
        self.eps = 0.0

    def fit(
        self, features: Floats, grades: Classes, gpa: Floats, weights: Floats | None = None
    ) -> Self:
        """Fit on what serving will see: features rounded to float32, grades by GPA if known.

        A classifier has no likelihood to put label noise into, hence the grades by GPA.
        """
        known = np.isfinite(gpa)
        clean = np.where(known, grade_class(np.nan_to_num(gpa)), grades)
        if known.any():
            self.eps = random_share(float((clean != grades)[known].mean()))
        self.seen = np.unique(clean).tolist()
        if len(self.seen) < 2:
            raise TrainingError(f"one grade alone is seen ({GRADES[self.seen[0]]})")
        self.pipeline.fit(_as_served(features), clean, classify__sample_weight=weights)
        self.class_gpa = class_gpa(grades, gpa)
        return self

    def predict_proba(self, features: Floats) -> Floats:
        """Return probabilities (n, 5) in GRADES order; all on one grade without predict_proba."""
        rows = _as_served(features)
        if not hasattr(self.pipeline, "predict_proba"):
            return np.asarray(np.eye(len(GRADES))[self.pipeline.predict(rows)], dtype=np.float64)
        # A grade nobody has in training gets no chance.
        answers = np.zeros((len(rows), len(GRADES)))
        answers[:, self.seen] = self.pipeline.predict_proba(rows)
        return answers

    def predict_gpa(self, features: Floats) -> Floats:
        """Return the expected GPA (n,): the probability-weighted mean of the classes' GPAs."""
        return np.clip(self.predict_proba(features) @ self.class_gpa, *GPA_RANGE)

    def to_onnx(self) -> bytes:
        """Convert with skl2onnx, then give the graph the bundle's input and outputs."""
        # Slow to import, and only the final fit of a candidate needs it.
        import skl2onnx  # pylint: disable=import-outside-toplevel

        classifier = self.pipeline.steps[-1][1]
        features = skl2onnx.common.data_types.FloatTensorType([None, len(FEATURE_NAMES)])
        try:
            model = skl2onnx.convert_sklearn(
                self.pipeline,
                initial_types=[(INPUT, features)],
                options={id(classifier): {"zipmap": False}},
                target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
            )
        except Exception as error:  # pylint: disable=broad-exception-caught
            # skl2onnx raises a dozen unrelated types; each means the same: refuse by name.
            raise ConversionError(
                f"{type(classifier).__name__} cannot be written as ONNX: {error}"
            ) from error
        return _with_gpa(model, self.class_gpa, self.seen)


def class_gpa(grades: Classes, gpa: Floats) -> Floats:
    """Return (5,): the mean GPA of each grade over the rows whose label and GPA agree.

    Rows with a noisy label would pull every mean towards the middle. A grade with fewer than FEWEST
    such rows (or no GPA at all) gets the midpoint of its interval.
    """
    agree = np.isfinite(gpa) & (grade_class(np.nan_to_num(gpa)) == grades)
    means = np.array(MIDPOINTS)
    for index in range(len(GRADES)):
        rows = agree & (grades == index)
        if rows.sum() >= FEWEST:
            means[index] = gpa[rows].mean()
    return means


def _as_served(features: Floats) -> Floats:
    return features.astype(np.float32).astype(np.float64)


def _with_gpa(model: onnx.ModelProto, means: Floats, seen: list[int]) -> bytes:
    probabilities = model.graph.output[1].name
    nodes = list(model.graph.node)
    for node in nodes:
        for names in (node.input, node.output):
            names[:] = ["of_seen" if name == probabilities else name for name in names]
    nodes.append(helper.make_node("MatMul", ["of_seen", "places"], [OUTPUTS[0]]))
    nodes.append(helper.make_node("MatMul", [OUTPUTS[0], "class_gpa"], ["column"]))
    return finish_model(
        nodes,
        {"class_gpa": means[:, None], "places": np.eye(len(GRADES))[seen]},
        initializers=list(model.graph.initializer),
        ml_opset=ML_OPSET,
    )
