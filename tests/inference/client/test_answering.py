"""Records given to the function: what it acknowledges, whom it fails on, what is seen of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from inference.client import answering
from inference.client.answering import Answers, Function, FunctionCannotAnswer, verdict
from inference.client.records import Record
from inference.stream.reader import StreamReader
from tests.inference.support.given_up import Cloud
from tests.inference.support.kinesis import encoded, record


def given(*data: bytes) -> list[Record]:
    """Return records as fetched."""
    return [
        Record(str(number), json.dumps(record(number, one)).encode(), ())
        for number, one in enumerate(data)
    ]


def answer(cloud: Cloud, records: Sequence[Record], most: int = 500) -> dict[str, str]:
    """Have records answered by the cloud's function."""
    return Function(cloud, None, lambda _: None).answer(records, most, "function", lambda: None)


@pytest.mark.parametrize(
    ("payload", "done"),
    [
        (b'{"batchItemFailures": []}', 3),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', 1),
        (b'{"batchItemFailures": [{"itemIdentifier": "c"}, {"itemIdentifier": "a"}]}', 0),
        (b'{"batchItemFailures": [{"itemIdentifier": "other"}]}', 0),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', 0),
        (b'{"batchItemFailures": null}', 0),
        (b"null", 0),
        (b"{}", 0),
        (b"", 0),
        (b'"ok"', 0),
        (b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 139"}', 0),
    ],
)
def test_only_a_partial_batch_response_acknowledges(payload: bytes, done: int) -> None:
    """A mapping takes null for success; whoever removes the only trace of a record must not."""
    said = verdict(payload, False, ["a", "b", "c"])
    assert said.done == done
    assert bool(said.error) == (done == 0 and b'"c"' not in payload)


def test_an_error_acknowledges_nothing_whatever_it_says() -> None:
    """The header of a function error counts."""
    assert verdict(b'{"batchItemFailures": []}', True, ["a"]).done == 0


def test_a_killer_is_found_by_halves_and_the_rest_is_answered() -> None:
    """GIVEN two killers among fifty WHEN answered THEN 48 answers, once each, and their numbers."""
    data = [encoded(number) for number in range(50)]
    cloud = Cloud()
    cloud.killers = {data[7], data[31]}
    culprits = answer(cloud, given(*data))
    assert culprits == {"7": "Runtime.ExitError: exit 139", "31": "Runtime.ExitError: exit 139"}
    assert len(cloud.predictions) == 48 and set(cloud.answered().values()) == {1}
    assert [size for _, size in cloud.invoked].count(1) >= 4, "a killer alone is tried twice"


def test_what_kills_by_chance_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a record on which the process ends once WHEN answered THEN it is no culprit."""
    cloud = Cloud()
    cloud.killers = {encoded(1)}
    invoke = cloud.invoke

    def later(**request: Any) -> Any:
        said = invoke(**request)
        cloud.killers = set()
        return said

    monkeypatch.setattr(cloud, "invoke", later)
    assert not answer(cloud, given(encoded(1)))
    assert len(cloud.predictions) == 1


def test_a_function_that_fails_on_everything_is_not_asked_for_ever() -> None:
    """GIVEN 500 records that all kill WHEN answered THEN it is the function, after a few calls."""
    data = [encoded(number) for number in range(500)]
    cloud = Cloud()
    cloud.killers = set(data)
    with pytest.raises(FunctionCannotAnswer, match="fails on every record: Runtime.ExitError"):
        answer(cloud, given(*data))
    assert len(cloud.invoked) < 20


@pytest.mark.parametrize("kind", ["ModelUnavailable", "PredictionError", "EnvelopeError"])
def test_what_the_handler_says_of_itself_ends_the_run(kind: str) -> None:
    """GIVEN no model, say WHEN answered THEN no record is blamed and it is asked once."""
    cloud = Cloud()
    cloud.error = {"errorType": kind, "errorMessage": "the reason"}
    with pytest.raises(FunctionCannotAnswer, match=f"{kind}: the reason"):
        answer(cloud, given(*(encoded(number) for number in range(50))))
    assert len(cloud.invoked) == 1


def test_an_output_stream_that_is_away_ends_the_run() -> None:
    """GIVEN a response that reports the first record WHEN answered THEN it is not tried for ever."""
    cloud = Cloud()
    cloud.acknowledges = cloud.publishes = False
    with pytest.raises(FunctionCannotAnswer, match="could not publish"):
        answer(cloud, given(encoded(1), encoded(2)))
    assert len(cloud.invoked) == 1


def test_the_queue_is_told_before_each_invocation() -> None:
    """A long batch must not come back to others half way."""
    cloud, told = Cloud(), []
    function = Function(cloud, "other", lambda _: None)
    function.answer(given(*map(encoded, range(7))), 3, "arn", lambda: told.append(None))
    assert cloud.invoked == [("other", 3), ("other", 3), ("other", 1)] and len(told) == 3


def test_answers_are_seen_on_the_stream_or_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN answers, and what is none WHEN looked for THEN those that never come are named."""
    monkeypatch.setattr(answering, "IDLE_SECONDS", 0.0)
    cloud = Cloud()
    answer(cloud, given(encoded(1), encoded(2)))
    cloud.predictions.insert(1, b"\xff no answer")
    seen = set(json.loads(data)["prediction_id"] for data in cloud.predictions[::2])
    answers = Answers(StreamReader(cloud, "predictions"), 0.2)
    assert answers.missing(seen) == set()
    assert answers.missing(seen | {"never"}) == {"never"}
