"""One process's service: a champion, a publisher, an observer, and the order in which they work."""

import time
from collections.abc import Callable
from typing import Any

from inference.model.champion import Champion, ModelUnavailable
from inference.model.predictor import Predictor
from inference.model.scorer import Batch, score
from inference.observability import Observer, Report
from inference.stream.deaths import Deaths
from inference.stream.envelope import Part, unpack
from inference.stream.item import Item
from inference.stream.problems import DEADLY
from inference.stream.publisher import Publisher

RESERVE_SECONDS = 1.0
"""Kept free at the end of an invocation to report what was not published."""

PART = 1_000
"""Records answered and published at a time: a KPL aggregate can hold ten thousand, a batch many
aggregates, and the answers of all of them at once would not fit a function's memory."""


class Application:
    """Everything one process needs, put together once and used for every batch."""

    def __init__(
        self,
        champion: Champion,
        publisher: Publisher,
        observer: Observer,
        deaths: Deaths | None = None,
    ) -> None:
        self._champion = champion
        self._publisher = publisher
        self._observer = observer
        self._deaths = deaths

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
        parts = unpack(event, PART)
        predictor = self._champion.current()
        report = Report()
        failures: list[str] = []
        for part in parts:
            if report.records and remaining() - RESERVE_SECONDS < self._publisher.attempt_seconds:
                failures = part.sequence_numbers[:1]
                report.unpublished += len(part.items)
                break
            published = self._answer_part(part, predictor, remaining, report)
            failures = part.sequence_numbers[published:][:1]
            if failures:
                break
        report.milliseconds = (time.perf_counter() - started) * 1000
        self._observe(self._observer.batch, report, predictor.manifest)
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failures]}

    def _answer_part(
        self, part: Part, predictor: Predictor, remaining: Callable[[], float], report: Report
    ) -> int:
        """Answer one part, add its numbers to ``report``, return how many answers are published."""
        items = part.items
        batch = self._score(items, predictor)
        outcome = self._publisher.publish(batch.answers, lambda: remaining() - RESERVE_SECONDS)
        report.records += len(items)
        report.rejected += len(items) - len(batch.rows)
        report.problems.update(problem.code for problem in batch.problems)
        report.retries += outcome.retries
        report.put_errors.update(outcome.errors)
        report.unpublished += len(items) - outcome.published
        report.newest_arrival = part.newest_arrival
        return outcome.published

    def _score(self, items: list[Item], predictor: Predictor) -> Batch:
        """Answer the items; if a process died on them try each alone, and reject what kills."""
        if self._deaths is None:
            return score(items, predictor)
        if self._deaths.suspects(item.prediction_id for item in items):
            for item in items:
                if self._deaths.deadly(item.prediction_id):
                    item.problem = DEADLY
                    continue
                with self._deaths.at_work(item.prediction_id):
                    score([item], predictor)
        with self._deaths.at_work(items[0].prediction_id, len(items)):
            return score(items, predictor)
