"""Publishing: in order, everything that can be, and an honest account of the rest."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.stream.item import Answer
from inference.stream.publisher import MAX_BYTES, MAX_ENTRIES, Outcome, Publisher, chunks
from tests.inference.support.kinesis import MemoryStream, client_error


def answers(count: int, size: int = 10, key: str = "k") -> list[Answer]:
    """Return ``count`` answers whose data tell them apart."""
    return [Answer(key, str(number).encode().ljust(size), "ok") for number in range(count)]


def publish(
    stream: MemoryStream, items: list[Answer], seconds: float = 60.0
) -> tuple[Outcome, list[float]]:
    """Publish with a clock that only sleeping moves; return the outcome and the pauses."""
    pauses: list[float] = []
    publisher = Publisher(stream, "predictions", 1.0, sleep=pauses.append)
    return publisher.publish(items, lambda: seconds - sum(pauses)), pauses


def on(stream: MemoryStream) -> set[bytes]:
    """Return what is on the stream."""
    return {entry["Data"] for entry in stream.entries}


def test_chunks_hold_what_kinesis_accepts() -> None:
    """500 entries and 5 MiB, keys counted in bytes."""
    assert list(chunks(answers(1201))) == [(0, 500), (500, 1000), (1000, 1201)]
    assert not list(chunks([]))
    large = answers(12, size=1024 * 1024 - 2, key="é")
    assert list(chunks(large)) == [(0, 5), (5, 10), (10, 12)]
    assert list(chunks(answers(6, size=1024 * 1024 - 1, key="é"))) == [(0, 4), (4, 6)]
    assert list(chunks(answers(2, size=MAX_BYTES))) == [(0, 1), (1, 2)], "never an empty call"


@given(st.lists(st.integers(0, 1_048_576), max_size=1200))
@settings(deadline=None, max_examples=50)
def test_chunks_cover_everything_once(sizes: list[int]) -> None:
    """Chunks are contiguous, in order, complete, and within both limits."""
    items = [Answer("k", bytes(size), "ok") for size in sizes]
    at = 0
    for start, end in chunks(items):
        assert start == at < end <= start + MAX_ENTRIES
        assert sum(len(item.data) + 1 for item in items[start:end]) <= MAX_BYTES
        at = end
    assert at == len(items)


def test_everything_in_one_go() -> None:
    """Without faults nothing is sent twice and the requests are what Kinesis wants."""
    stream = MemoryStream()
    outcome, pauses = publish(stream, answers(700))
    assert outcome == Outcome(700, 0, outcome.errors) and not outcome.errors
    assert [len(call) for call in stream.calls] == [500, 200]
    assert stream.calls[0][0] == {"Data": b"0         ", "PartitionKey": "k"}
    assert not pauses


def test_only_failed_entries_are_sent_again() -> None:
    """FailedRecordCount is read, and the entries that failed are the ones retried."""
    stream = MemoryStream(lambda call, entries: [{1, 3}, {0}, set()][call])
    items = answers(5)
    outcome, pauses = publish(stream, items)
    assert [[entry["Data"] for entry in call] for call in stream.calls] == [
        [item.data for item in items],
        [items[1].data, items[3].data],
        [items[1].data],
    ]
    assert (outcome.published, outcome.retries) == (5, 3)
    assert outcome.errors == {"ProvisionedThroughputExceededException": 3}
    assert len(pauses) == 2 and pauses[0] <= 0.05 and pauses[1] <= 0.1


@pytest.mark.parametrize(
    "error",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("ThrottlingException"),
        client_error("InternalFailure", 500),
        client_error("ServiceUnavailable", 503),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        ConnectionClosedError(endpoint_url="http://127.0.0.1:1"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
    ],
    ids=str,
)
def test_transient_errors_are_retried(error: Exception) -> None:
    """A whole call that failed is sent again, as it was."""
    stream = MemoryStream(lambda call, entries: error if call < 3 else set())
    outcome, pauses = publish(stream, answers(4))
    assert (outcome.published, outcome.retries, len(pauses)) == (4, 12, 3)
    assert sum(outcome.errors.values()) == 3


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_permanent_errors_are_not_retried(code: str) -> None:
    """What only a person can mend ends the work at once, and says why."""
    stream = MemoryStream(lambda call, entries: client_error(code))
    outcome, pauses = publish(stream, answers(4))
    assert outcome == Outcome(0, 0, outcome.errors)
    assert outcome.errors == {code: 1} and not pauses


def test_errors_that_are_not_of_aws_are_reported_too() -> None:
    """Missing credentials are an error of botocore's own kind: counted, retried while time lasts."""
    stream = MemoryStream(lambda call, entries: NoCredentialsError())
    outcome, _ = publish(stream, answers(1), seconds=3.0)
    assert outcome.published == 0 and outcome.errors["NoCredentialsError"] == len(stream.calls)


def test_time_limits_the_retries() -> None:
    """No attempt starts that might not end in time; the first one is always made."""
    stream = MemoryStream(lambda call, entries: {0})
    outcome, _ = publish(stream, answers(3), seconds=0.5)
    assert (outcome.published, len(stream.calls)) == (0, 1)
    outcome, pauses = publish(MemoryStream(lambda call, entries: {0}), answers(3), seconds=6.0)
    assert outcome.published == 0
    assert 0 < sum(pauses) <= 5.0


def test_no_chunk_is_started_without_time_for_it() -> None:
    """The chunks not begun are reported, not lost."""
    stream = MemoryStream()
    publisher = Publisher(stream, "predictions", 1.0, sleep=lambda _: None)
    left = iter([5.0, 5.0, 0.5])
    outcome = publisher.publish(answers(1500), lambda: next(left))
    assert (outcome, len(stream.calls)) == (Outcome(1000, 0, Counter()), 2)


def test_exactly_enough_time_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk starts, and a retry is made, when the time left is just what it can take."""
    stream = MemoryStream()
    publisher = Publisher(stream, "predictions", 1.0)
    assert publisher.publish(answers(600), lambda: 1.0).published == 600
    monkeypatch.setattr("inference.stream.publisher.random.uniform", lambda low, high: 0.5)
    outcome, pauses = publish(
        MemoryStream(lambda call, _: {0} if call == 0 else set()), answers(1), 1.5
    )
    assert (outcome.published, pauses) == (1, [0.5])


def test_without_any_time_nothing_is_sent() -> None:
    """Not even the first attempt."""
    for seconds in (0.0, -1.0):
        stream = MemoryStream()
        outcome, _ = publish(stream, answers(3), seconds)
        assert outcome == Outcome(0, 0, Counter()) and not stream.calls


class Strange(MemoryStream):
    """A stream that stores everything and gives a strange answer once."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__()
        self.answer: Callable[[dict[str, Any]], Any] = answer

    def put_records(self, **request: Any) -> dict[str, Any]:
        """Answer strangely, then as Kinesis does."""
        response = super().put_records(**request)
        return self.answer(response) if len(self.calls) == 1 else response  # type: ignore


@pytest.mark.parametrize(
    "answer",
    [
        lambda response: {},
        lambda response: None,
        lambda response: [],
        lambda response: {"FailedRecordCount": 0},
        lambda response: {"FailedRecordCount": 0, "Records": []},
        lambda response: {"FailedRecordCount": 0, "Records": "xyz"},
        lambda response: response | {"Records": response["Records"][:-1]},
        lambda response: response | {"Records": response["Records"] * 2},
        lambda response: response | {"Records": [None, None, None]},
        lambda response: response | {"Records": [{}, {}, {}]},
        lambda response: response | {"FailedRecordCount": 1},
        lambda response: response | {"FailedRecordCount": "none"},
    ],
)
def test_an_answer_that_does_not_speak_of_every_entry_is_a_failed_attempt(
    answer: Callable[[dict[str, Any]], Any],
) -> None:
    """What the stream does not speak of is never taken for published: it is sent again."""
    stream = Strange(answer)
    outcome, _ = publish(stream, answers(3))
    assert (outcome.published, outcome.retries, len(stream.calls)) == (3, 3, 2)
    assert sum(outcome.errors.values()) >= 1


def test_work_ends_at_the_first_chunk_that_is_not_whole() -> None:
    """What follows an unfinished chunk is not sent: the retry sends it anyway."""
    stream = MemoryStream(lambda call, entries: {7} if call == 1 else ({0} if call > 1 else set()))
    outcome, _ = publish(stream, answers(1200), seconds=4.0)
    assert outcome.published == 507
    assert len(on(stream)) == 999


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_pattern_of_failures(data: st.DataObject) -> None:
    """All before ``published`` is on the stream; the answer at ``published`` is not."""

    chance = random.Random(data.draw(st.integers()))  # hypothesis draws in its own thread only

    def fault(_: int, entries: list[dict[str, Any]]) -> set[int] | Exception:
        kind = chance.randrange(4)
        if kind == 0:
            return client_error(chance.choice(("ThrottlingException", "Other")), 500)
        if kind == 1:
            return set()
        return set(chance.sample(range(len(entries)), chance.randint(0, len(entries))))

    stream = MemoryStream(fault)
    items = answers(data.draw(st.integers(0, 1100)))
    outcome, _ = publish(stream, items, seconds=data.draw(st.floats(0, 10)))
    there = on(stream)
    assert {item.data for item in items[: outcome.published]} <= there
    if outcome.published < len(items):
        assert items[outcome.published].data not in there
    assert len(stream.entries) == len(there), "without faults after acceptance nothing is doubled"


def test_pauses_double_up_to_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full jitter: the upper bound is .05 s, then twice that each time, 2 s at most."""
    monkeypatch.setattr("inference.stream.publisher.random.uniform", lambda low, high: low + high)
    stream = MemoryStream(lambda call, entries: {0} if call < 8 else set())
    outcome, pauses = publish(stream, answers(1))
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])
    assert (outcome.published, outcome.retries) == (1, 8)


def test_retries_are_summed_over_chunks_and_the_stream_is_named() -> None:
    """One retry in each of two chunks, both to the stream that was configured."""
    names = []

    class Named(MemoryStream):
        """Notes the stream's name."""

        def put_records(self, **request: Any) -> dict[str, Any]:
            """Accept as usual."""
            names.append(request["StreamName"])
            return super().put_records(**request)

    outcome, _ = publish(Named(lambda call, _: {0} if call in (0, 2) else set()), answers(600))
    assert (outcome.published, outcome.retries) == (600, 2)
    assert set(names) == {"predictions"}
