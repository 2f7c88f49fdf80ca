"""The gate: promoted, refused or unchanged, in words."""

from orchestrator.training.release import promotion
from orchestrator.training.variables import Variables


@transformer
def decide_promotion(dataset, selection, audit, *args, **variables):
    return promotion.decide_promotion(dataset, selection, audit, Variables.parse(variables))


@test
def test_output(output, *args):
    """The verdict has reasons."""
    assert len(output["reasons"]) > 0, "the verdict has no reason"
