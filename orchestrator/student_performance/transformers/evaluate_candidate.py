"""The selected model on the test split, against given and clean labels."""

from orchestrator.training import promotion

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def evaluate_candidate(dataset, selection, *args, **variables):
    """The selected model on the test split, against given and clean labels."""
    return promotion.evaluate_candidate(dataset, selection)


@test
def test_output(output, *args):
    """f1-macro is a share."""
    assert 0 <= output["test_f1_macro"] <= 1, "f1-macro is not a share"
