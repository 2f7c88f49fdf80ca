"""Every tuned candidate in repeated cross-validation, beside the Bayes ceiling."""

from math import isfinite

from orchestrator.training.evaluation import assessment
from orchestrator.training.variables import Variables


@transformer
def compare_candidates(dataset, candidates, *args, **variables):
    return assessment.compare_candidates(dataset, candidates, Variables.parse(variables))


@test
def test_output(output, *args):
    """Every score is finite."""
    means = [mean for scores in output["scores"].values() for mean in scores["mean"].values()]
    assert all(isfinite(mean) for mean in means), "a score is missing"
