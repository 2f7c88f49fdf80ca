"""Many students sent, their answers collected."""

from __future__ import annotations

import pytest

from inference.client import ClientUsageError, exchange
from inference.client.exchange import Exchange, Question
from inference.stream.publisher import Publisher
from inference.stream.reader import NEWEST, OLDEST, StreamReader
from tests.inference.support.client_streams import Streams
from tests.inference.support.kinesis import client_error, encoded


@pytest.fixture(name="streams")
def streams_fixture(monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Two streams without any waiting."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.0)
    return Streams()


def exchange_on(
    streams: Streams, questions: list[Question], patience: float = 60, start: str = NEWEST
) -> Exchange:
    """Return an exchange on ``streams``."""
    return Exchange(
        Publisher(streams, "students", 5.0),
        StreamReader(streams, "predictions", start, sleep=lambda _: None),
        [one.request_id for one in questions],
        500,
        patience,
    )


def questions_of(run: str, count: int) -> list[Question]:
    """Return ``count`` students of one run."""
    names = [f"{run}-{number}" for number in range(count)]
    return [Question(name, name, encoded(name, request_id=name)) for name in names]


def test_answers_of_other_runs_and_doubled_ones_are_passed_over(streams: Streams) -> None:
    """Given two runs and answers that come twice, each run has its own answers, once each."""
    streams.twice = True
    mine, theirs = questions_of("a", 2), questions_of("b", 3)
    first, second = exchange_on(streams, mine), exchange_on(streams, theirs)
    first.send(mine)
    second.send(theirs)
    assert (first.collect(), second.collect()) == (0, 0)
    assert sorted(first.answers) == ["a-0", "a-1"]
    assert sorted(second.answers) == ["b-0", "b-1", "b-2"]


def test_what_lacks_is_counted_and_what_is_refused_is_named(streams: Streams) -> None:
    """Given nobody who answers, the answers that lack; given a stream that refuses, its code."""
    streams.answering = False
    run = exchange_on(streams, wanted := questions_of("a", 3), patience=0.01)
    run.send(wanted)
    assert run.collect() == 3
    streams.refuse = client_error("AccessDeniedException")
    refused = exchange_on(streams, wanted)
    with pytest.raises(ClientUsageError, match="0 records sent, .* AccessDeniedException"):
        refused.send(wanted)


def test_what_is_there_already_is_caught_up_with(streams: Streams) -> None:
    """Given answers on the stream before the run, also behind an empty look, they are taken."""
    asked = questions_of("a", 3)
    exchange_on(streams, asked).send(asked)
    streams.throttled_reads = 1
    later = exchange_on(streams, asked, start=OLDEST)
    later.catch_up()
    assert len(later.answers) == 3 and later.collect() == 0
    streams.throttled_reads = 10**9
    exchange_on(streams, asked, patience=0.01, start=OLDEST).catch_up()
