"""The data contract: every column's type and range, row by row."""

from orchestrator.training.data import processing
from orchestrator.training.variables import Variables


@transformer
def validate_students(raw, *args, **variables):
    return processing.validate_students(raw, Variables.parse(variables))


@test
def test_output(output, *args):
    """No value is missing."""
    assert output.notna().all().all(), "a value is missing"
