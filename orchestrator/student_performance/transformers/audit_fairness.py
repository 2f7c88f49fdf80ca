"""Gaps between groups of attributes the model never sees."""

from orchestrator.training.evaluation import assessment
from orchestrator.training.variables import Variables


@transformer
def audit_fairness(dataset, selection, *args, **variables):
    return assessment.audit_fairness(dataset, selection, Variables.parse(variables))


@test
def test_output(output, *args):
    """All attributes were audited."""
    audited = {gap["attribute"] for gap in output["gaps"]}
    assert audited == {"Age", "Gender", "Ethnicity"}, "an attribute was not audited"
