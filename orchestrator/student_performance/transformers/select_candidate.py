"""The best candidate by validation f1-macro."""

from orchestrator.training.models import selection


@transformer
def select_candidate(candidates, *args, **variables):
    return selection.select_candidate(candidates)


@test
def test_output(output, *args):
    """The selected candidate can be served."""
    assert output["problem"] == "", "the selected candidate cannot be served"
