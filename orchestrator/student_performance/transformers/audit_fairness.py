"""Gaps between groups of attributes the model never sees."""

from orchestrator.training.release import promotion
from orchestrator.training.variables import Variables

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def audit_fairness(dataset, selection, *args, **variables):
    """Gaps between groups of attributes the model never sees."""
    return promotion.audit_fairness(dataset, selection, Variables.parse(variables))


@test
def test_output(output, *args):
    """All attributes were audited."""
    assert set(output["attribute"]) == {
        "Age",
        "Gender",
        "Ethnicity",
    }, "an attribute was not audited"
