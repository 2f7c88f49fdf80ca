"""Splits to S3 as parquet; scaler, quality report and data set to MLflow."""

from orchestrator.training.data import processing
from orchestrator.training.variables import Variables

if "data_exporter" not in globals():
    from mage_ai.data_preparation.decorators import data_exporter
if "test" not in globals():
    from mage_ai.data_preparation.decorators import test


@data_exporter
def export_datasets(students, quality, scaler, *args, **variables):
    """Splits to S3 as parquet; scaler, quality report and data set to MLflow."""
    return processing.export(students, quality, scaler, Variables.parse(variables))


@test
def test_output(output, *args):
    """The data set has its three splits."""
    assert {"train", "validation", "test"} <= set(output["keys"]), "a split was not exported"
