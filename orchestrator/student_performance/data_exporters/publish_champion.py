"""Register, publish the bundle, move the champion, if the gate said so."""

from orchestrator.training.release import promotion
from orchestrator.training.variables import Variables

if "data_exporter" not in globals():
    from mage_ai.data_preparation.decorators import data_exporter
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@data_exporter
def publish_champion(dataset, selection, metrics, verdict, comparison, *args, **variables):
    """Register, publish the bundle, move the champion, if the gate said so."""
    return promotion.publish_champion(
        dataset, selection, metrics, verdict, comparison, Variables.parse(variables)
    )


@test
def test_output(output, *args):
    """A promotion has a version."""
    assert bool(output["version"]) == output["promoted"], "outcome and version disagree"
