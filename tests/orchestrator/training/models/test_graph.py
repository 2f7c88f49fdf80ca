"""The normal-cut graph answers like the formula it was made of."""

from __future__ import annotations

import numpy as np
import pytest

from contract.grades import GPA_CUTOFFS
from orchestrator.training.models.gaussian import cut_probabilities
from orchestrator.training.models.graph import NormalCut
from orchestrator.training.models.parity import OnnxModel


@pytest.mark.parametrize("class_gpa", [None, np.array([3.8, 3.2, 2.7, 2.2, 1.0])])
def test_graph_and_formula_agree(class_gpa: np.ndarray | None) -> None:
    """Probabilities and GPA, with the score itself or the classes' means."""
    generator = np.random.default_rng(1)
    weights, rows = generator.normal(size=9) / 10, generator.uniform(0, 4, (50, 9))
    cuts = np.array(GPA_CUTOFFS)
    graph = NormalCut(weights, 2.5, 0.3, cuts, class_gpa)
    probabilities, gpa = OnnxModel(graph.to_onnx()).predict(rows)
    expected = cut_probabilities(rows @ weights + 2.5, 0.3, cuts)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    score = rows @ weights + 2.5 if class_gpa is None else expected @ class_gpa
    np.testing.assert_allclose(gpa, np.clip(score, 0, 4), atol=1e-4)
