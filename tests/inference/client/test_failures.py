"""The failure queue as a redrive takes from it."""

from __future__ import annotations

from contextlib import closing

import pytest

from inference.client.failures import HIDDEN_SECONDS, Depth, FailureQueue
from tests.inference.support.given_up import Cloud
from tests.inference.support.kinesis import client_error, encoded


def queue_of(count: int) -> tuple[Cloud, FailureQueue]:
    """Return a queue of so many messages."""
    cloud = Cloud(*(encoded(number) for number in range(count)))
    for number in range(count):
        cloud.give_up(number, number)
    return cloud, FailureQueue(cloud, "queue")


def test_a_message_names_its_records() -> None:
    """Shard, sequence numbers, how many and when: as a person is told."""
    cloud = Cloud(encoded(1), encoded(2))
    cloud.give_up(0, 1)
    with closing(FailureQueue(cloud, "queue").messages()) as messages:
        (message,) = messages
    assert message.failure is not None
    first, last = (one["SequenceNumber"] for one in cloud.students)
    assert str(message.failure.batch) == (
        f"shardId-000000000000 {first} to {last} (2 records, arrived"
        " 2026-01-01T00:00:00.007Z to 2026-01-01T00:00:01.007Z)"
    )


def test_what_is_not_removed_is_shown_again() -> None:
    """GIVEN 25 messages WHEN looked through and one removed THEN each came once, 24 are visible."""
    cloud, queue = queue_of(25)
    with closing(queue.messages(at_once=10)) as messages:
        seen = []
        for message in messages:
            seen.append(message.identity)
            if len(seen) == 12:
                queue.remove(message)
            cloud.clock += 7  # those taken first come back meanwhile, and are not given twice
    assert sorted(seen) == sorted(set(seen)) and len(seen) == 25
    assert queue.depth() == Depth(24, 0)


def test_one_who_stops_early_hides_nothing() -> None:
    """GIVEN a person's Ctrl-C WHEN messages are held THEN others see them at once."""
    _, queue = queue_of(3)
    with pytest.raises(KeyboardInterrupt), closing(queue.messages(at_once=2)) as messages:
        next(messages)
        raise KeyboardInterrupt
    assert queue.depth() == Depth(3, 0)


def test_a_message_that_another_has_removed_is_no_error() -> None:
    """GIVEN a message held for too long WHEN a rival takes and removes it THEN all goes on."""
    cloud, queue = queue_of(1)
    with closing(queue.messages()) as messages:
        mine = next(messages)
        cloud.clock += HIDDEN_SECONDS
        rival = FailureQueue(cloud, "queue")
        with closing(rival.messages()) as others:
            rival.remove(next(others))
        queue.hold(mine)
        queue.remove(mine)
    assert queue.depth() == Depth(0, 0)


def test_a_refused_removal_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Access denied must not look like success."""
    cloud, queue = queue_of(1)

    def denied(**_: object) -> None:
        raise client_error("AccessDenied")

    monkeypatch.setattr(cloud, "delete_message", denied)
    with closing(queue.messages()) as messages, pytest.raises(Exception, match="AccessDenied"):
        queue.remove(next(messages))


@pytest.mark.parametrize("document", [{}, {"KinesisBatchInfo": {}}, [], "text"])
def test_a_message_of_another_kind_is_not_understood(document: object) -> None:
    """SQS holds whatever somebody sends."""
    cloud = Cloud()
    cloud.send(document)
    with closing(FailureQueue(cloud, "queue").messages()) as messages:
        assert next(messages).failure is None


def test_the_words_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing where nothing waits; else how much, for how long, and the command."""
    monkeypatch.setattr("time.time", lambda: 721.0)
    assert queue_of(0)[1].words() == ""
    assert queue_of(1)[1].words() == "1 batch given up, the oldest 12 min ago: make redrive"
    cloud, queue = queue_of(11)
    assert queue.words() == "11 batches given up, the oldest 12 min ago: make redrive"
    assert queue.depth() == Depth(11, 0), "looking hides nothing"
    cloud.clock -= 1
    assert queue.words() == "11 batches given up: make redrive", "all of them held by a redrive"
