"""Register, publish the bundle, move the champion, if the gate said so."""

from orchestrator.training.release import promotion
from orchestrator.training.variables import Variables


@data_exporter
def publish_champion(
    dataset, selection, report, verdict, cross_validation, audit, *args, **variables
):
    return promotion.publish_champion(
        dataset, selection, report, verdict, cross_validation, audit, Variables.parse(variables)
    )


@test
def test_output(output, *args):
    """A promotion has a version."""
    assert bool(output["version"]) == output["promoted"], "outcome and version disagree"
