"""The selected model on the test split, against given and clean labels, with effects and pictures."""

from orchestrator.training.evaluation import assessment
from orchestrator.training.variables import Variables


@transformer
def evaluate_candidate(dataset, selection, *args, **variables):
    return assessment.evaluate_candidate(dataset, selection, Variables.parse(variables))


@test
def test_output(output, *args):
    """f1-macro is a share."""
    assert 0 <= output["metrics"]["f1_macro"] <= 1, "f1-macro is not a share"
