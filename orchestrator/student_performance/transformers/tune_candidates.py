"""Every candidate tuned by Optuna, converted to ONNX and checked for parity."""

from orchestrator.training.models import selection
from orchestrator.training.variables import Variables

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def tune_candidates(dataset, *args, **variables):
    """Every candidate tuned by Optuna, converted to ONNX and checked for parity."""
    return selection.tune_candidates(dataset, Variables.parse(variables))


@test
def test_output(output, *args):
    """Some candidate can be served."""
    assert (output["problem"] == "").any(), "no candidate can be served"
