"""Every tuned candidate in repeated cross-validation, beside the Bayes ceiling."""

from orchestrator.training.evaluation import assessment
from orchestrator.training.variables import Variables

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def compare_candidates(dataset, candidates, *args, **variables):
    """Every tuned candidate in repeated cross-validation."""
    return assessment.compare_candidates(dataset, candidates, Variables.parse(variables))


@test
def test_output(output, *args):
    """Every score is finite."""
    assert output.notna().all().all(), "a score is missing"
