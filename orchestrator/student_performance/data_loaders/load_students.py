"""Students from the named CSV, the data folder, Kaggle, or the simulator."""

from orchestrator.training.data import processing
from orchestrator.training.variables import Variables


@data_loader
def load_students(*args, **variables):
    return processing.load_students(Variables.parse(variables))


@test
def test_output(output, *args):
    """There are students."""
    assert len(output) > 0, "no students were loaded"
