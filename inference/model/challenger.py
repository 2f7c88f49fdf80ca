"""The shadow challenger: a second model that sees what the champion saw, and answers nobody.

It runs after the champion's answers are on the stream, in a thread of its own. The batch waits for
it at most ``patience_seconds``; while a slow one is still busy, further batches pass it by. Its
errors are counted and go nowhere else.
"""

import threading
import time
from typing import NamedTuple

import numpy as np

from inference.model.champion import Champion
from inference.model.predictor import Predictor
from inference.model.scorer import Batch, score
from inference.model.year import predict_in_year, prior
from inference.stream.item import Item
from inference.stream.publisher import Publisher

PATIENCE_SECONDS = 0.02


class Comparison(NamedTuple):
    """One batch by both models; ``error`` is the type of what went wrong, if anything did."""

    version: str
    records: int = 0
    disagreements: int = 0
    probability_difference: float = 0.0
    milliseconds: float = 0.0
    error: str | None = None


class Challenger:
    """Compares a second model with the champion's answers, batch by batch.

    With a ``publisher`` its own answers (same ids, its own version) go to that stream.
    """

    def __init__(
        self,
        champion: Champion,
        publisher: Publisher | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._champion = champion
        self._publisher = publisher
        self._patience = patience_seconds
        self._thread: threading.Thread | None = None
        self._finished: list[Comparison] = []
        self._passed_by = 0

    def compare(self, items: list[Item], batch: Batch) -> None:
        """Start comparing one answered batch; never raises."""
        if self._thread is not None and self._thread.is_alive():
            self._passed_by += 1
            return
        predictor = self._champion.peek()
        if predictor is None:
            return
        self._thread = threading.Thread(
            target=self._compare, args=(predictor, items, batch), daemon=True
        )
        self._thread.start()
        self._thread.join(self._patience)

    def finished(self) -> tuple[list[Comparison], int]:
        """Return the comparisons finished since the last call, and how many batches passed by."""
        comparisons, self._finished = self._finished, []
        passed_by, self._passed_by = self._passed_by, 0
        return comparisons, passed_by

    def _compare(self, predictor: Predictor, items: list[Item], batch: Batch) -> None:
        version = predictor.manifest.version
        started = time.perf_counter()
        try:
            theirs = self._answer(predictor, items, batch)
            ours = batch.predictions.probabilities
            comparison = Comparison(
                version,
                len(ours),
                int((theirs.argmax(axis=1) != ours.argmax(axis=1)).sum()),
                float(np.abs(theirs - ours).mean()) if len(ours) else 0.0,
                (time.perf_counter() - started) * 1000,
            )
        except Exception as error:  # pylint: disable=broad-exception-caught
            # A shadow's failure of any kind is a number, never the batch's problem.
            comparison = Comparison(version, error=type(error).__name__)
        self._finished.append(comparison)

    def _answer(self, predictor: Predictor, items: list[Item], batch: Batch) -> np.ndarray:
        if self._publisher is None:
            shares = prior(predictor.manifest)
            answer = predict_in_year(predictor.predict, batch.rows, batch.elapsed, shares)
            return answer.probabilities
        own = score(items, predictor)
        end = time.monotonic() + self._publisher.attempt_seconds  # one attempt, no retry
        self._publisher.publish(own.answers, lambda: end - time.monotonic())
        return own.predictions.probabilities
