"""The gate: promoted or refused, in words."""

from orchestrator.training.release import promotion
from orchestrator.training.variables import Variables

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def decide_promotion(dataset, selection, gaps, *args, **variables):
    """The gate: promoted or refused, in words."""
    return promotion.decide_promotion(dataset, selection, gaps, Variables.parse(variables))


@test
def test_output(output, *args):
    """The verdict has reasons."""
    assert len(output["reasons"]) > 0, "the verdict has no reason"
