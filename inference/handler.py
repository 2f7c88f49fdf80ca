"""The Lambda function: a batch of Kinesis records in, their answers on the output stream.

Returns the partial batch response (``ReportBatchItemFailures``): the sequence number of the first
record whose answer is not on the output stream, or nothing. Raises, so that nothing is
acknowledged, when no verified model can be loaded or the model itself fails.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from inference.champion import Champion
from inference.clients import ATTEMPT_SECONDS, client
from inference.configuration import ConfigurationError, from_environment, store_of
from inference.envelope import unpack
from inference.observability import Observer, Report
from inference.publisher import Publisher
from inference.scorer import score

RESERVE_SECONDS = 1.0
"""Kept free at the end of an invocation to report what was not published."""


class Application:
    """Everything one process needs, put together once and used for every batch."""

    def __init__(self, champion: Champion, publisher: Publisher, observer: Observer) -> None:
        self._champion = champion
        self._publisher = publisher
        self._observer = observer

    def handle(self, event: Any, remaining: Callable[[], float]) -> dict[str, Any]:
        """Answer one batch; ``remaining`` gives the seconds left of the invocation."""
        started = time.perf_counter()
        predictor = self._champion.current()
        items, sequence_numbers = unpack(event)
        batch = score(items, predictor)
        outcome = self._publisher.publish(batch.answers, lambda: remaining() - RESERVE_SECONDS)
        unpublished = len(items) - outcome.published
        self._observer.batch(
            Report(
                records=len(items),
                problems=Counter(problem.code for problem in batch.problems),
                rejected=sum(answer.status != "ok" for answer in batch.answers),
                retries=outcome.retries,
                put_errors=outcome.errors,
                unpublished=unpublished,
                milliseconds=(time.perf_counter() - started) * 1000,
                iterator_age_milliseconds=None,
            ),
            predictor.manifest,
        )
        failures = sequence_numbers[outcome.published :][:1]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failures]}

    def ready(self) -> None:
        """Load the model now; raises ModelUnavailable."""
        self._champion.current()


@cache
def application() -> Application:
    """Build the application from the environment."""
    configuration = from_environment(os.environ)
    if not configuration.predictions_stream:
        raise ConfigurationError("set PREDICTIONS_STREAM_NAME")
    champion = Champion(
        store_of(configuration), configuration.model_name, configuration.refresh_seconds
    )
    publisher = Publisher(client("kinesis"), configuration.predictions_stream, ATTEMPT_SECONDS)
    return Application(champion, publisher, Observer())


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Entry point; see the module."""
    return application().handle(event, lambda: context.get_remaining_time_in_millis() / 1000)
