"""The fixed stratified 70/15/15 split; newly labelled predictions join if asked for."""

from orchestrator.training.data import processing
from orchestrator.training.variables import Variables


@transformer
def split_students(accepted, *args, **variables):
    return processing.split(accepted, Variables.parse(variables))


@test
def test_output(output, *args):
    """All three splits exist."""
    assert {"train", "validation", "test"} <= set(output["split"]), "a split is missing"
