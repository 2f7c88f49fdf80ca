"""Every candidate tuned by Optuna, converted to ONNX and checked for parity."""

from orchestrator.training.models import selection
from orchestrator.training.variables import Variables


@transformer
def tune_candidates(dataset, *args, **variables):
    return selection.tune_candidates(dataset, Variables.parse(variables))


@test
def test_output(output, *args):
    """Some candidate can be served."""
    assert not all(
        trained["problem"] for trained in output["trained"]
    ), "no candidate can be served"
