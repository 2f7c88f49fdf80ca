"""The data contract: every column's type and range, row by row."""

from orchestrator.training.data import processing
from orchestrator.training.variables import Variables

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def validate_students(raw, *args, **variables):
    """The data contract: every column's type and range, row by row."""
    return processing.validate_students(raw, Variables.parse(variables))


@test
def test_output(output, *args):
    """No value is missing."""
    assert output.notna().all().all(), "a value is missing"
