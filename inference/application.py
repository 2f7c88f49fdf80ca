"""One process's service: a champion, a publisher, an observer, and the order in which they work."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from inference.model.champion import Champion, ModelUnavailable
from inference.model.scorer import score
from inference.observability import Observer, Report
from inference.stream.envelope import unpack
from inference.stream.publisher import Publisher

RESERVE_SECONDS = 1.0
"""Kept free at the end of an invocation to report what was not published."""


class Application:
    """Everything one process needs, put together once and used for every batch."""

    def __init__(
        self,
        champion: Champion,
        publisher: Publisher,
        observer: Observer,
    ) -> None:
        self._champion = champion
        self._publisher = publisher
        self._observer = observer

    def handle(self, event: Any, remaining: Callable[[], float]) -> dict[str, Any]:
        """Answer one batch; ``remaining`` gives the seconds left of the invocation.

        Returns the partial batch response. Raises ModelUnavailable, PredictionError or
        EnvelopeError: then nothing is acknowledged.
        """
        try:
            return self._answer(event, remaining)
        except Exception as error:
            self._observe(self._observer.failure, error)
            raise
        finally:
            self._observe(self._observer.refreshes, self._champion.finished())
            self._observe(self._observer.flush)

    def ready(self) -> None:
        """Load the model now, if that is possible; the first batch says so if it is not."""
        try:
            self._champion.current()
        except ModelUnavailable as error:
            self._observer.failure(error)

    def _observe(self, record: Callable[..., None], *values: Any) -> None:
        try:
            record(*values)
        except Exception as error:  # pylint: disable=broad-exception-caught
            # The answers are on the stream: a metric that cannot be written must not undo that.
            self._observer.logger.error("metrics not written", error=type(error).__name__)

    def _answer(self, event: Any, remaining: Callable[[], float]) -> dict[str, Any]:
        started = time.perf_counter()
        items, sequence_numbers, newest_arrival = unpack(event)
        predictor = self._champion.current()
        batch = score(items, predictor)
        outcome = self._publisher.publish(batch.answers, lambda: remaining() - RESERVE_SECONDS)
        self._observe(
            self._observer.batch,
            Report(
                records=len(items),
                rejected=len(items) - len(batch.rows),
                problems=Counter(problem.code for problem in batch.problems),
                retries=outcome.retries,
                put_errors=outcome.errors,
                unpublished=len(items) - outcome.published,
                milliseconds=(time.perf_counter() - started) * 1000,
                newest_arrival=newest_arrival,
            ),
            predictor.manifest,
        )
        failures = sequence_numbers[outcome.published :][:1]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failures]}
