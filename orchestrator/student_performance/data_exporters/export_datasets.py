"""Splits to S3 as parquet; scaler, quality report and data set to MLflow."""

from orchestrator.training.data import processing
from orchestrator.training.variables import Variables


@data_exporter
def export_datasets(students, quality, scaler, *args, **variables):
    return processing.export(students, quality, scaler, Variables.parse(variables))


@test
def test_output(output, *args):
    """The data set has its three splits."""
    assert {"train", "validation", "test"} <= set(output["keys"]), "a split was not exported"
