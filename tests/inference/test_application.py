"""The handler, whole: every record answered, nothing acknowledged before it is published."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.application import Application
from inference.model.champion import Champion, ModelUnavailable
from inference.model.store import LocalStore
from inference.observability import Observer
from inference.stream.envelope import EnvelopeError
from inference.stream.publisher import Publisher
from tests.inference.support import factory
from tests.inference.support.aggregate import aggregate
from tests.inference.support.kinesis import MemoryStream, batch, client_error, encoded, unpacked

Serve = Callable[[MemoryStream], Application]
POISON = (b"", b"{", b"\xff", b"[" * 100_000, b'{"student": NaN}', b"\xf3\x89\x9a\xc2 damaged")


def test_every_record_is_answered_once_in_order(serve: Serve) -> None:
    """Good and bad records each get one answer, and nothing is reported as failed."""
    stream = MemoryStream()
    response = serve(stream).handle(batch(encoded(1), b"{", encoded("two"), b"\xff"), lambda: 30.0)
    assert response == {"batchItemFailures": []}
    documents = stream.documents()
    assert [document["status"] for document in documents] == ["ok", "rejected", "ok", "rejected"]
    assert len({document["prediction_id"] for document in documents}) == 4
    assert [entry["PartitionKey"] for entry in stream.entries] == ["1", "key", "two", "key"]


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
@pytest.mark.parametrize("place", [0, 3, 6])
def test_poison_anywhere_blocks_nobody(serve: Serve, poison: bytes, place: int) -> None:
    """At the start, in the middle, at the end: one rejection, six predictions, none twice."""
    datas = [encoded(number) for number in range(6)]
    datas.insert(place, poison)
    stream = MemoryStream()
    assert not serve(stream).handle(batch(*datas), lambda: 30.0)["batchItemFailures"]
    said = [document["status"] for document in stream.documents()]
    assert said.count("ok") == 6 and said[place] == "rejected"


@pytest.mark.parametrize("left", [0.0, 0.5, 1.0])
def test_with_less_than_the_reserve_left_nothing_is_sent(serve: Serve, left: float) -> None:
    """What is sent could not be reported any more: the whole batch is, at once."""
    stream = MemoryStream()
    response = serve(stream).handle(batch(encoded(1), encoded(2)), lambda: left)
    assert response == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert not stream.calls


def test_the_first_unpublished_record_is_reported(serve: Serve) -> None:
    """Entries that keep failing until time is up: the lowest failed number is reported."""
    stream = MemoryStream(lambda call, entries: {len(entries) - 1} if call == 0 else {0})
    left = iter([30.0, 30.0, 0.0])
    response = serve(stream).handle(batch(*map(encoded, range(5))), lambda: next(left))
    assert response == {"batchItemFailures": [{"itemIdentifier": "5"}]}
    assert len(stream.entries) == 4


def test_an_aggregate_half_published_is_reported_by_its_record(serve: Serve) -> None:
    """The Kinesis record's number stands for all its user records; ids make the retry harmless."""
    packed = aggregate([("a", encoded(number)) for number in range(4)])
    event = batch(encoded("x"), packed, encoded("y"))
    stream = MemoryStream(lambda call, entries: {3, 5})
    application = serve(stream)
    left = iter([30.0, 0.0])
    response = application.handle(event, lambda: next(left))
    assert response == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    stream.fault = lambda call, entries: set()
    retried = {"Records": event["Records"][1:]}
    assert application.handle(retried, lambda: 30.0) == {"batchItemFailures": []}
    ids = [document["prediction_id"] for document in stream.documents()]
    assert len(set(ids)) == 6 and len(ids) > 6


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_faults_and_retries_answer_everyone_exactly_once(data: st.DataObject) -> None:
    """An event source mapping that retries from the reported number ends with every answer there.

    Records before the reported one are never published again.
    """
    count = data.draw(st.integers(1, 30))
    datas = [
        data.draw(st.sampled_from((encoded(number), b"{", aggregate([("k", encoded(number))] * 3))))
        for number in range(count)
    ]

    chance = random.Random(data.draw(st.integers()))  # hypothesis draws in its own thread only

    def fault(_: int, entries: list[dict[str, Any]]) -> set[int] | Exception:
        if chance.random() < 0.5:
            return set()
        return set(chance.choices(range(len(entries)), k=chance.randint(0, 4)))

    stream = MemoryStream(fault)
    application = _application(stream)
    event = batch(*datas)
    expected = {item.prediction_id for item in _items(event)}
    records = event["Records"]
    for attempt in range(200):
        if attempt == 100:
            stream.fault = lambda call, entries: set()
        before = len(stream.entries)
        failures = application.handle({"Records": records}, lambda: 21.2)["batchItemFailures"]
        there = {json.loads(entry["Data"])["prediction_id"] for entry in stream.entries}
        if not failures:
            break
        lowest = failures[0]["itemIdentifier"]
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        done = records[: numbers.index(lowest)]
        assert {item.prediction_id for item in _items({"Records": done})} <= there
        records = records[len(done) :]
        assert records, before
    assert there == expected


def _items(event: dict[str, Any]) -> list[Any]:
    return unpacked(event).items


class Fixed(Champion):
    """A champion that needs no files."""

    def __init__(self) -> None:  # pylint: disable=super-init-not-called
        pass

    def current(self):  # type: ignore[no-untyped-def]
        """Return the default model."""
        return factory.predictor()

    def finished(self):  # type: ignore[no-untyped-def]
        """Nothing ever changes."""
        return []


def _application(stream: MemoryStream) -> Application:
    return Application(
        Fixed(), Publisher(stream, "predictions", 20.0, sleep=lambda _: None), Observer()
    )


def test_without_a_model_nothing_is_acknowledged(tmp_path: Path) -> None:
    """The invocation fails, and nothing is published."""
    stream = MemoryStream()
    champion = Champion(LocalStore(tmp_path, "m"), "m", 60)
    application = Application(champion, Publisher(stream, "p", 1.0), Observer())
    application.ready()
    with pytest.raises(ModelUnavailable):
        application.handle(batch(encoded()), lambda: 30.0)
    assert not stream.calls


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_what_only_a_person_can_mend_ends_one_invocation_only(serve: Serve, code: str) -> None:
    """The whole batch is reported, nothing is lost, and the next invocation tries anew."""
    stream = MemoryStream(lambda call, entries: client_error(code) if call < 2 else set())
    application, event = serve(stream), batch(*map(encoded, range(3)))
    for _ in range(2):
        reported = application.handle(event, lambda: 30.0)
        assert reported == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert application.handle(event, lambda: 30.0) == {"batchItemFailures": []}
    assert len(stream.calls) == len(stream.entries) == 3


def test_an_event_of_another_kind_fails(serve: Serve) -> None:
    """A wrongly wired function fails loudly."""
    with pytest.raises(EnvelopeError):
        serve(MemoryStream()).handle({"Messages": []}, lambda: 30.0)


def test_metrics_that_fail_do_not_fail_the_batch(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers are out: an error in the metrics is logged and forgotten."""

    def fail(*_: object) -> None:
        raise ValueError("no metric today")

    for name in ("batch", "refreshes", "flush"):
        monkeypatch.setattr(Observer, name, fail)
    stream = MemoryStream()
    assert serve(stream).handle(batch(encoded()), lambda: 30.0) == {"batchItemFailures": []}
    assert len(stream.entries) == 1


def test_a_model_swap_happens_between_batches(serve: Serve, models: Path) -> None:
    """The batch after the pointer moved is answered by the new version, wholly."""
    stream = MemoryStream()
    application = serve(stream)
    application.handle(batch(encoded(1), encoded(2)), lambda: 30.0)
    factory.publish(models, "2")
    application.handle(batch(encoded(1), encoded(2)), lambda: 30.0)
    assert [document["version"] for document in stream.documents()] == ["1", "1", "2", "2"]
