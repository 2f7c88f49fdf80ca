"""The shadow challenger sees everything and touches nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from contract.features import DEFAULT_MODEL_NAME
from inference.model.challenger import Challenger
from inference.model.champion import Champion
from inference.model.predictor import Predictor
from inference.model.scorer import Batch, score
from inference.model.store import CHALLENGER_FILE, LocalStore
from inference.stream.item import Item
from inference.stream.publisher import Publisher
from tests.inference.support import factory
from tests.inference.support.kinesis import MemoryStream, batch, encoded, unpacked


@pytest.fixture(name="scored")
def scored_fixture(predictor: Predictor) -> tuple[list[Item], Batch]:
    """Three students and one bad record, answered by the champion."""
    items = unpacked(batch(encoded(1), encoded(2, Absences=28), b"{", encoded(3, Absences=0))).items
    return items, score(items, predictor)


def shadow(models: Path, **options: Any) -> Challenger:
    """Return a challenger whose model is loaded, and which is waited for."""
    store = LocalStore(models, DEFAULT_MODEL_NAME)
    champion = Champion(store, DEFAULT_MODEL_NAME, 0, 60, pointer=CHALLENGER_FILE)
    champion.current()
    return Challenger(champion, patience_seconds=60, **options)


def test_agreement_with_itself(models: Path, scored: tuple[list[Item], Batch]) -> None:
    """The same model agrees on every accepted record."""
    factory.publish(models, "2", pointer=CHALLENGER_FILE)
    challenger = shadow(models)
    challenger.compare(*scored)
    (comparison,), passed_by = challenger.finished()
    assert (comparison.version, comparison.records, comparison.disagreements) == ("2", 3, 0)
    assert comparison.probability_difference == 0.0 and passed_by == 0
    assert challenger.finished() == ([], 0)


def test_disagreement_is_counted(models: Path, scored: tuple[list[Item], Batch]) -> None:
    """A much more generous model gives the weak student another grade."""
    factory.publish(models, "2", pointer=CHALLENGER_FILE, parameters={"intercept": 4.0})
    challenger = shadow(models)
    challenger.compare(*scored)
    (comparison,), _ = challenger.finished()
    assert comparison.disagreements == 2
    assert comparison.probability_difference > 0.05


def test_its_answers_can_go_to_a_stream_of_their_own(
    models: Path, scored: tuple[list[Item], Batch]
) -> None:
    """Same ids, the challenger's version."""
    factory.publish(models, "2", pointer=CHALLENGER_FILE)
    stream = MemoryStream()
    shadow(models, publisher=Publisher(stream, "shadow", 1.0)).compare(*scored)
    documents = stream.documents()
    assert [document["version"] for document in documents] == ["2"] * 4
    assert [d["prediction_id"] for d in documents] == [i.prediction_id for i in scored[0]]


def test_a_batch_without_valid_records_is_no_error(models: Path, predictor: Predictor) -> None:
    """Nothing to compare is zero records."""
    factory.publish(models, "2", pointer=CHALLENGER_FILE)
    items = unpacked(batch(b"{")).items
    challenger = shadow(models)
    challenger.compare(items, score(items, predictor))
    (comparison,), _ = challenger.finished()
    assert (comparison.records, comparison.error) == (0, None)


def test_a_failing_challenger_is_a_number(models: Path, scored: tuple[list[Item], Batch]) -> None:
    """Its exception stays with it."""
    factory.publish(models, "2", pointer=CHALLENGER_FILE)
    challenger = shadow(models)
    items, answered = scored
    challenger.compare(items, answered._replace(rows=answered.rows[:, :5]))
    (comparison,), _ = challenger.finished()
    assert comparison.error is not None and comparison.records == 0


def test_without_a_model_nothing_happens(models: Path, scored: tuple[list[Item], Batch]) -> None:
    """No challenger.json, no comparison."""
    store = LocalStore(models, DEFAULT_MODEL_NAME)
    champion = Champion(store, DEFAULT_MODEL_NAME, 0, pointer=CHALLENGER_FILE)
    challenger = Challenger(champion)
    challenger.compare(*scored)
    assert challenger.finished() == ([], 0)


class Stuck(MemoryStream):
    """A stream that accepts nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def put_records(self, **request: Any) -> dict[str, Any]:
        """Wait."""
        self.release.wait(60)
        return super().put_records(**request)


def test_a_slow_challenger_is_passed_by(models: Path, scored: tuple[list[Item], Batch]) -> None:
    """The batch goes on after its patience; later batches do not queue up behind it."""
    factory.publish(models, "2", pointer=CHALLENGER_FILE)
    stream = Stuck()
    store = LocalStore(models, DEFAULT_MODEL_NAME)
    champion = Champion(store, DEFAULT_MODEL_NAME, 3600, 60, pointer=CHALLENGER_FILE)
    champion.current()
    challenger = Challenger(champion, Publisher(stream, "shadow", 1.0), patience_seconds=0.001)
    for _ in range(3):
        challenger.compare(*scored)
    assert challenger.finished() == ([], 2)
    thread = challenger._thread  # pylint: disable=protected-access
    stream.release.set()
    assert thread is not None
    thread.join(60)
    (comparison,), passed_by = challenger.finished()
    assert (comparison.records, passed_by) == (3, 0)
