"""Parity of the ONNX file, and files that are refused."""

from __future__ import annotations

import onnx
import pytest

from orchestrator.training.data.students import Students
from orchestrator.training.errors import ConversionError
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.models.parity import OnnxModel, Parity, measure_parity


def test_parity_refuses_differences(students: Students) -> None:
    """A class flip or a difference above 1e-4, in either output, is a refusal."""
    assert Parity(10, 0, 1e-4, 0.0).holds
    assert not Parity(10, 1, 0.0, 0.0).holds
    assert not Parity(10, 0, 1.1e-4, 0.0).holds
    assert not Parity(10, 0, 0.0, 2e-4).holds
    model = GaussianGpa().fit(students.features, students.grades, students.gpa)
    data = model.to_onnx()
    model.bias += 0.01
    assert not measure_parity(model, data, students.features).holds


@pytest.mark.parametrize("data", [b"", b"not a model"])
def test_unreadable_models(data: bytes) -> None:
    """Bytes that are no model are refused as such."""
    with pytest.raises(ConversionError, match="not readable"):
        OnnxModel(data)


def test_foreign_outputs_are_refused() -> None:
    """A model with other names is not a bundle's."""
    node = onnx.helper.make_node("Identity", ["features"], ["out"])
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node], "g", [info("features", 1, ["n", 9])], [info("out", 1, ["n", 9])]
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    with pytest.raises(ConversionError, match="outputs are"):
        OnnxModel(model.SerializeToString())
