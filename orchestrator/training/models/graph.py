"""A small ONNX graph for normal-cut models: linear score, normal CDF at four cut-offs.

Three operators decide (Gemm, Erf, Gemm), all in float32, about 1 kB. Scaling is folded into the
first Gemm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from contract.features import FEATURE_NAMES
from contract.grades import GPA_RANGE, GRADES
from contract.scores import Floats

OPSET = 17
# onnxruntime 1.32 and everything since 1.12 read this; newer writers default to newer ones.
IR_VERSION = 8
INPUT = "features"
OUTPUTS = ("probabilities", "gpa")


@dataclass(frozen=True)
class NormalCut:
    """P(grade at or above cut k) = 1 - Phi((cuts[k] - weights.x - bias) / sd).

    ``weights`` (9,) act on raw features; ``cuts`` (4,) descend; ``class_gpa`` (5,) or None: where
    it is given the GPA output is the probability-weighted mean of these, else the clipped score.
    """

    weights: Floats
    bias: float
    sd: float
    cuts: Floats
    class_gpa: Floats | None = None

    def to_onnx(self) -> bytes:
        """Return the serialised model."""
        scale = self.sd * np.sqrt(2.0)
        first_weight = -np.repeat(self.weights[:, None], 4, axis=1) / scale
        first_bias = (self.cuts - self.bias) / scale
        # Below-cut probabilities c (4,) become class probabilities c @ steps + base.
        steps = np.zeros((4, 5))
        for k in range(4):
            steps[k, k], steps[k, k + 1] = -1.0, 1.0
        base = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
        second_weight = 0.5 * steps
        second_bias = base + 0.5 * steps.sum(axis=0)
        nodes = [
            helper.make_node("Gemm", [INPUT, "w1", "b1"], ["z"]),
            helper.make_node("Erf", ["z"], ["erf"]),
            helper.make_node("Gemm", ["erf", "w2", "b2"], ["sums"]),
            # float32 cancellation can leave -6e-8 where the answer is 0.
            helper.make_node("Clip", ["sums", "zero", "one"], [OUTPUTS[0]]),
        ]
        tensors = {
            "w1": first_weight,
            "b1": first_bias,
            "w2": second_weight,
            "b2": second_bias,
            "zero": np.array(0.0),
            "one": np.array(1.0),
        }
        if self.class_gpa is None:
            tensors |= {"w3": self.weights[:, None], "b3": np.array([self.bias])}
            nodes.append(helper.make_node("Gemm", [INPUT, "w3", "b3"], ["column"]))
        else:
            tensors["w3"] = self.class_gpa[:, None]
            nodes.append(helper.make_node("MatMul", [OUTPUTS[0], "w3"], ["column"]))
        return finish_model(nodes, tensors)


def finish_model(
    nodes: list[onnx.NodeProto],
    tensors: dict[str, Floats],
    initializers: Sequence[onnx.TensorProto] = (),
    ml_opset: int | None = None,
) -> bytes:
    """Close a graph whose nodes end in ``probabilities`` and ``column`` (n, 1): clip, flatten.

    ``tensors`` become float32 initializers beside the ready-made ``initializers``; ``ml_opset`` is
    the version of ai.onnx.ml where tree or SVM operators are used. Returns the serialised model.
    """
    tensors = tensors | {"low": np.array(GPA_RANGE[0]), "high": np.array(GPA_RANGE[1])}
    nodes = nodes + [
        helper.make_node("Clip", ["column", "low", "high"], ["clipped"]),
        helper.make_node("Reshape", ["clipped", "flat"], [OUTPUTS[1]]),
    ]
    weights = list(initializers) + [
        numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)
        for name, value in tensors.items()
    ]
    weights.append(numpy_helper.from_array(np.array([-1], dtype=np.int64), "flat"))
    features = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", len(FEATURE_NAMES)])
    outputs = [
        helper.make_tensor_value_info(OUTPUTS[0], TensorProto.FLOAT, ["n", len(GRADES)]),
        helper.make_tensor_value_info(OUTPUTS[1], TensorProto.FLOAT, ["n"]),
    ]
    graph = helper.make_graph(nodes, "student-performance", [features], outputs, weights)
    opsets = [helper.make_opsetid("", OPSET)]
    if ml_opset is not None:
        opsets.append(helper.make_opsetid("ai.onnx.ml", ml_opset))
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
