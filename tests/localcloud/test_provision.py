"""The variables by which programs find what was provisioned."""

from __future__ import annotations

from localcloud.configuration import load
from localcloud.provision import names


def test_names_follow_from_the_file() -> None:
    """GIVEN the local file THEN programs find bucket, streams and recipients by the agreed
    variables.
    """
    configuration = load()
    variables = names(configuration)
    assert variables["MODEL_BUCKET"] == configuration.model_bucket_name
    assert variables["STUDENTS_STREAM_NAME"] == configuration.students_stream_name
    assert variables["ALERT_RECIPIENTS"] == ",".join(configuration.alert_recipients)
