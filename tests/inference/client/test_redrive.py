"""``redrive`` as a person runs it, killed at every step, and beside another."""

from __future__ import annotations

import pytest

from inference.client import answering, redrive
from inference.client.__main__ import main
from inference.client.failures import HIDDEN_SECONDS
from inference.client.records import fetch
from tests.inference.client.test_records import batch_of
from tests.inference.support.given_up import FUNCTION, Cloud, PowerCut
from tests.inference.support.kinesis import encoded

Output = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture(name="cloud")
def cloud_fixture(monkeypatch: Patch) -> Cloud:
    """Ten records; two batches of four and three of them were given up."""
    cloud = Cloud(*(encoded(number) for number in range(10)))
    cloud.give_up(0, 3)
    cloud.give_up(5, 7)
    monkeypatch.setattr(redrive, "client", lambda *_, **__: cloud)
    monkeypatch.setattr(redrive, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(answering, "IDLE_SECONDS", 0.0)
    monkeypatch.setenv("FAILURE_QUEUE_URL", "queue")
    monkeypatch.setenv("PREDICTIONS_STREAM_NAME", "predictions")
    return cloud


def wanted(cloud: Cloud) -> set[str]:
    """Return the ids of the answers to both batches."""
    found = set()
    for first, last in ((0, 3), (5, 7)):
        other = Cloud(*(one["Data"] for one in cloud.students))
        other.give_up(first, last)
        for record in fetch(other, batch_of(other)).records:
            found |= set(record.prediction_ids)
    return found


def test_without_yes_it_only_lists(cloud: Cloud, capsys: Output) -> None:
    """GIVEN two batches, one partly lost WHEN listed THEN both are named, and nothing is done."""
    cloud.trim(1)
    assert main(["redrive"]) == 0
    said = capsys.readouterr().out
    assert "(4 records, arrived" in said and "retention has taken 1, 3 are in the stream" in said
    assert "RetryAttemptsExhausted, in the stream" in said
    assert "2 given up: 6 records can be answered, 1 are lost; nothing was done" in said
    assert len(cloud.messages) == 2 and not cloud.invoked and not cloud.predictions
    assert all(one["visible"] <= cloud.clock for one in cloud.messages.values())


def test_an_empty_queue_says_so(cloud: Cloud, capsys: Output) -> None:
    """Nothing was given up."""
    cloud.messages.clear()
    assert main(["redrive"]) == 0 and main(["redrive", "--yes"]) == 0
    assert "nothing to redrive" in capsys.readouterr().out


def test_with_yes_each_record_is_answered_and_the_queue_is_empty(
    cloud: Cloud, capsys: Output
) -> None:
    """GIVEN two batches WHEN redriven THEN one answer per record, by the function they name."""
    assert main(["redrive", "--yes"]) == 0
    assert "7 records answered, 2 messages removed, 0 left" in capsys.readouterr().out
    assert cloud.answered() == dict.fromkeys(wanted(cloud), 1)
    assert not cloud.messages
    assert cloud.invoked == [(FUNCTION, 4), (FUNCTION, 3)]


def test_an_acknowledged_answer_that_is_not_there_keeps_the_message(
    cloud: Cloud, capsys: Output
) -> None:
    """GIVEN a function that acknowledges and publishes nothing WHEN redriven THEN nothing goes."""
    cloud.publishes = False
    assert main(["redrive", "--yes"]) == 1
    said = capsys.readouterr().out
    assert "4 answers were acknowledged and are not on the output stream" in said
    assert len(cloud.messages) == 2


def test_a_culprit_is_named_and_its_message_stays(cloud: Cloud, capsys: Output) -> None:
    """GIVEN a record that kills the function WHEN redriven THEN all others are answered."""
    cloud.killers = {encoded(2)}
    assert main(["redrive", "--yes"]) == 1
    said = capsys.readouterr().out
    number = cloud.students[2]["SequenceNumber"]
    assert f"the function fails on 1 records: {number}: Runtime.ExitError: exit 139" in said
    assert len(cloud.predictions) == 6 and list(cloud.messages) == ["message-0"]


@pytest.mark.parametrize("trimmed", [2, 4])
def test_what_is_lost_stays_until_it_is_to_be_forgotten(
    cloud: Cloud, capsys: Output, trimmed: int
) -> None:
    """GIVEN a batch of which some or all is gone WHEN redriven THEN what is left of it is answered
    and the message stays, until --forget-lost.
    """
    cloud.trim(trimmed)
    assert main(["redrive", "--yes"]) == 1
    said = capsys.readouterr().out
    assert f"retention has taken {trimmed}, {4 - trimmed} are in the stream" in said
    assert list(cloud.messages) == ["message-0"] and len(cloud.predictions) == 7 - trimmed
    assert main(["redrive", "--yes", "--forget-lost"]) == 0
    assert f"retention has taken {trimmed}" in capsys.readouterr().out
    assert not cloud.messages


def test_a_strange_message_is_left_alone(cloud: Cloud, capsys: Output) -> None:
    """GIVEN a message of somebody else WHEN redriven with every option THEN it stays."""
    cloud.send({"hello": "world"})
    assert main(["redrive"]) == 0
    assert main(["redrive", "--yes", "--forget-lost"]) == 1
    assert capsys.readouterr().out.count("message message-2: not of a Kinesis mapping") == 2
    assert list(cloud.messages) == ["message-2"]


def test_a_function_that_cannot_answer_ends_in_one_line(cloud: Cloud, capsys: Output) -> None:
    """GIVEN no model WHEN redriven THEN exit code 2, its words, and every message visible."""
    cloud.error = {"errorType": "ModelUnavailable", "errorMessage": "no pointer"}
    assert main(["redrive", "--yes"]) == 2
    assert "error: ModelUnavailable: no pointer" in capsys.readouterr().err
    assert len(cloud.messages) == 2
    assert all(one["visible"] <= cloud.clock for one in cloud.messages.values())


@pytest.mark.parametrize(
    ("variable", "option"),
    [("FAILURE_QUEUE_URL", "--queue"), ("PREDICTIONS_STREAM_NAME", "--predictions-stream")],
)
def test_a_missing_name_is_said(
    cloud: Cloud, monkeypatch: Patch, capsys: Output, variable: str, option: str
) -> None:
    """Exit code 2, with the option and the variable."""
    monkeypatch.delenv(variable)
    assert main(["redrive", "--yes"]) == 2
    error = capsys.readouterr().err
    assert variable in error and option in error and not cloud.invoked


def test_killed_at_every_call_and_repeated(cloud: Cloud) -> None:
    """GIVEN a power cut after the n-th call, for every n WHEN redriven again later
    THEN every record has its answer, none another one, and no message went before its answers.
    """
    whole = Cloud(*(one["Data"] for one in cloud.students))
    lives = 0
    for calls in range(200):
        cloud.__init__(*(one["Data"] for one in whole.students))  # type: ignore[misc] # pylint: disable=unnecessary-dunder-call
        cloud.give_up(0, 3)
        cloud.give_up(5, 7)
        cloud.calls_left = calls
        try:
            main(["redrive", "--yes"])
            break
        except PowerCut:
            lives += 1
        answered = set(cloud.answered())
        if "message-0" not in cloud.messages:
            assert len(answered) >= 4
        cloud.calls_left = None
        cloud.clock += HIDDEN_SECONDS
        assert main(["redrive", "--yes"]) == 0
        assert set(cloud.answered()) == wanted(cloud) and not cloud.messages
    assert lives > 15, "each call of a run was the last of one"


def test_two_at_once_do_no_harm(cloud: Cloud, monkeypatch: Patch, capsys: Output) -> None:
    """GIVEN a message held for too long WHEN another redrive runs within an invocation
    THEN answers may double under their ids, and the queue is empty.
    """
    invoke, nested = cloud.invoke, []

    def slow(**request: object) -> object:
        said = invoke(**request)
        if not nested:
            nested.append(True)
            cloud.clock += HIDDEN_SECONDS
            assert main(["redrive", "--yes"]) == 0
        return said

    monkeypatch.setattr(cloud, "invoke", slow)
    assert main(["redrive", "--yes"]) == 0
    assert set(cloud.answered()) == wanted(cloud) and not cloud.messages
    assert max(cloud.answered().values()) == 2
    assert "0 left" in capsys.readouterr().out


def test_who_is_killed_leaves_a_hint(cloud: Cloud, capsys: Output) -> None:
    """GIVEN a message hidden by a run that was killed WHEN listed THEN it says when it comes back."""
    next(iter(cloud.messages.values()))["visible"] = 30.0
    assert main(["redrive"]) == 0
    assert "1 more are with another redrive, or with one that was killed" in capsys.readouterr().out
