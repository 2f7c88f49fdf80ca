"""Students from the named CSV, the data folder, Kaggle, or the simulator."""

from orchestrator.training.data import processing
from orchestrator.training.variables import Variables

if "data_loader" not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_students(*args, **variables):
    """Students from the named CSV, the data folder, Kaggle, or the simulator."""
    return processing.load_students(Variables.parse(variables))


@test
def test_output(output, *args):
    """There are students."""
    assert len(output) > 0, "no students were loaded"
