"""The MinMaxScaler of the training split."""

from orchestrator.training.data import processing


@transformer
def fit_scaler(students, *args, **variables):
    return processing.scale(students)


@test
def test_output(output, *args):
    """Nine features are scaled."""
    assert output.n_features_in_ == 9, "the scaler does not have nine features"
