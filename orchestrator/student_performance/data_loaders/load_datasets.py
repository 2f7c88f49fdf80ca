"""The data set of the block upstream, or the latest in S3."""

from orchestrator.training.models import selection


@data_loader
def load_datasets(*args, **variables):
    return selection.load_datasets(next((a for a in args if isinstance(a, dict)), None))


@test
def test_output(output, *args):
    """There are rows to train on."""
    assert output["rows"]["train"] > 0, "the training split is empty"
