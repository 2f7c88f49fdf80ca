"""The best candidate by validation f1-macro."""

from orchestrator.training.models import selection

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def select_candidate(candidates, *args, **variables):
    """The best candidate by validation f1-macro."""
    return selection.select_candidate(candidates)


@test
def test_output(output, *args):
    """The selected candidate can be served."""
    assert output["problem"] == "", "the selected candidate cannot be served"
