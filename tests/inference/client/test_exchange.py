"""Many students sent, their answers collected."""

from __future__ import annotations

from datetime import datetime

import pytest

from inference.client import ClientUsageError, exchange
from inference.client.exchange import Exchange
from inference.stream.publisher import Publisher
from inference.stream.reader import StreamReader
from tests.inference.support.client_streams import Streams
from tests.inference.support.kinesis import client_error, encoded


@pytest.fixture(name="streams")
def streams_fixture(monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Two streams without any waiting."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(exchange, "SEND_SECONDS", 5.0)
    return Streams()


def exchange_on(streams: Streams, patience_seconds: float = 60) -> Exchange:
    """Return an exchange on ``streams``."""

    def open_reader(since: datetime) -> StreamReader:
        return StreamReader(streams, "predictions", since, sleep=lambda _: None)

    return Exchange(Publisher(streams, "students", 30.0), open_reader, 500, patience_seconds)


def records(run: Exchange, count: int) -> list[tuple[str, bytes]]:
    """Return ``count`` students of one run."""
    return [(str(n), encoded(n, request_id=run.request_id(n))) for n in range(count)]


def test_answers_of_other_runs_and_doubled_ones_are_passed_over(streams: Streams) -> None:
    """Given two runs and answers that come twice, each run has its own answers, once each."""
    streams.twice = True
    first, second = exchange_on(streams), exchange_on(streams)
    first.send(records(first, 2))
    second.send(records(second, 3))
    assert (first.collect(), second.collect()) == (0, 0)
    assert sorted(first.answers) == [0, 1] and sorted(second.answers) == [0, 1, 2]


def test_what_lacks_is_counted_and_what_is_refused_is_named(streams: Streams) -> None:
    """Given nobody who answers, the answers that lack; given a stream that refuses, its code."""
    streams.answering = False
    run = exchange_on(streams, patience_seconds=0.01)
    run.send(records(run, 3))
    assert run.collect() == 3
    streams.refuse = client_error("AccessDeniedException")
    refused = exchange_on(streams)
    with pytest.raises(ClientUsageError, match="0 records sent, .* AccessDeniedException"):
        refused.send(records(refused, 1))
