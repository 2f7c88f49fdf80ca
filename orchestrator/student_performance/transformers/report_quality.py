"""How many rows were rejected and why, and where labels contradict the GPA."""

from orchestrator.training.data import processing


@transformer
def report_quality(accepted, *args, **variables):
    return processing.report_quality(accepted)


@test
def test_output(output, *args):
    """Every row is accounted for."""
    assert output["accepted"] + output["rejected"] == output["rows"], "rows are unaccounted for"
