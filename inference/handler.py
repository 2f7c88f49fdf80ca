"""The Lambda function: a batch of Kinesis records in, their answers on the output stream.

Returns the partial batch response (``ReportBatchItemFailures``): the sequence number of the first
record whose answer is not on the output stream, or nothing. Raises, so that nothing is
acknowledged, when no verified model can be loaded or the model itself fails.
"""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from contract.environment import SettingsError
from inference.application import Application
from inference.aws import ATTEMPT_SECONDS, client
from inference.model.champion import Champion
from inference.model.store import open_store
from inference.observability import Observer
from inference.settings import read_settings
from inference.stream.deaths import Deaths
from inference.stream.publisher import Publisher


@cache
def application() -> Application:
    """Build the application from the environment, once per process."""
    settings = read_settings(os.environ)
    if not settings.predictions_stream:
        raise SettingsError("set PREDICTIONS_STREAM_NAME (the output stream)")
    store = open_store(settings)
    return Application(
        Champion(store, settings.model_name, settings.refresh_seconds),
        Publisher(client("kinesis"), settings.predictions_stream, ATTEMPT_SECONDS),
        Observer(),
        Deaths(Path(tempfile.gettempdir()) / "student-performance"),
    )


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Entry point; see the module."""
    return application().handle(event, lambda: context.get_remaining_time_in_millis() / 1000)


if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # Lambda's init phase has a full processor and is not part of any batch: load the model there.
    application().ready()
