"""The MinMaxScaler of the training split."""

from orchestrator.training.data import processing

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def fit_scaler(students, *args, **variables):
    """The MinMaxScaler of the training split."""
    return processing.scale(students)


@test
def test_output(output, *args):
    """Nine features are scaled."""
    assert len(output) == 9, "the scaler does not have nine features"
