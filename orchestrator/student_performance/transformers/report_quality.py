"""How many rows were rejected and why, and where labels contradict the GPA."""

from orchestrator.training.data import processing

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def report_quality(raw, accepted, *args, **variables):
    """How many rows were rejected and why, and where labels contradict the GPA."""
    return processing.report_quality(raw, accepted)


@test
def test_output(output, *args):
    """Every row is accounted for."""
    assert output["accepted"] + output["rejected"] == output["rows"], "rows are unaccounted for"
