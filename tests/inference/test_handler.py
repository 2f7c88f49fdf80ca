"""The Lambda function: put together from the environment, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.environment import SettingsError
from inference import handler
from tests.inference.support.kinesis import batch, encoded


@pytest.fixture(name="environment")
def environment_fixture(
    monkeypatch: pytest.MonkeyPatch, models: Path
) -> Iterator[pytest.MonkeyPatch]:
    """The Lambda's environment, with a local model and no endpoint."""
    for name, value in (
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("MODEL_LOCATION", str(models)),
        ("PREDICTIONS_STREAM_NAME", "predictions"),
    ):
        monkeypatch.setenv(name, value)
    handler.application.cache_clear()
    yield monkeypatch
    handler.application.cache_clear()


class Context:
    """Lambda's context object, as far as it is used."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return what is left."""
        return 1500


@pytest.mark.usefixtures("environment")
def test_lambda_handler_with_an_unreachable_stream() -> None:
    """Put together from the environment; with nobody listening the whole batch is reported."""
    response = handler.lambda_handler(batch(encoded(), encoded(), start=70), Context())
    assert response == {"batchItemFailures": [{"itemIdentifier": "70"}]}
    assert handler.application() is handler.application()


def test_the_output_stream_must_be_named(environment: pytest.MonkeyPatch) -> None:
    """The error names the variable."""
    environment.delenv("PREDICTIONS_STREAM_NAME")
    with pytest.raises(SettingsError, match="PREDICTIONS_STREAM_NAME"):
        handler.application()
