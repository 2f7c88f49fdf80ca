"""Selection: refusals by name, and no candidate left."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.training.errors import ConversionError, SelectionError
from orchestrator.training.models import selection
from orchestrator.training.release.publication import BundleStore
from orchestrator.training.services import Services
from tests.orchestrator.support.pipeline import VARIABLES, process, with_csv
from tests.orchestrator.support.results import trained_candidate

pytestmark = [
    pytest.mark.usefixtures("two_candidates", "data_folder"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_candidates_that_cannot_be_served(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is refused by name and another wins; if none is left the run fails with each reason."""
    dataset = process(with_csv(students_file))

    def refuse(model: Any) -> bytes:
        raise ConversionError(f"{type(model).__name__} has no operators")

    monkeypatch.setattr("orchestrator.training.models.gaussian.GaussianGpa.to_onnx", refuse)
    candidates = selection.tune_candidates(dataset, VARIABLES)
    assert selection.select_candidate(candidates)["candidate"] == "decision_tree"
    assert candidates["trained"][0]["problem"] == "GaussianGpa has no operators"
    monkeypatch.setattr("orchestrator.training.models.estimators.SklearnGrades.to_onnx", refuse)
    candidates = selection.tune_candidates(dataset, VARIABLES)
    with pytest.raises(SelectionError, match="gpa_gaussian: .*; decision_tree: "):
        selection.select_candidate(candidates)
    assert BundleStore.of(services).pointer()[0] is None


def test_a_tie_goes_to_the_simpler_one() -> None:
    """Candidates stand in order of preference; of equals the earlier is the simpler."""
    equals = [trained_candidate(candidate=name) for name in ("second", "third")]
    refused = trained_candidate(candidate="first", problem="no operators")
    assert selection.Candidates((refused, *equals)).best().candidate == "second"
