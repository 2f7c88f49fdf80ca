"""The data set of the block upstream, or the latest in S3."""

from orchestrator.training.models import selection

if "data_loader" not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_datasets(*args, **variables):
    """The data set of the block upstream, or the latest in S3."""
    return selection.load_datasets(next((a for a in args if isinstance(a, dict)), None))


@test
def test_output(output, *args):
    """There are rows to train on."""
    assert output["rows"]["train"] > 0, "the training split is empty"
