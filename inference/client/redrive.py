"""``redrive``: what was given up is answered after all, under the ids it would have had.

Every step may be killed and repeated, and two redrives may run at once: an answer given twice
carries the same id, and a message goes only once all its answers are on the output stream.
"""

import argparse
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any

from inference.aws import client
from inference.client import ClientUsageError
from inference.client.answering import Answers, Function
from inference.client.failures import HIDDEN_SECONDS, Depth, FailureQueue, Message
from inference.client.records import Fetched, fetch
from inference.stream.reader import StreamReader

ATTEMPTS = 8
"""Throttling is met with patience: nobody waits for a redrive."""
INVOCATION_SECONDS = 910.0
"""A little more than the longest time Lambda gives a function."""
ANSWER_SECONDS = 60.0
LOOK_BACK = timedelta(seconds=60)
"""Reading starts this long before: clocks differ."""

_STRANGE = "not of a Kinesis mapping, not touched"


def redrive(options: argparse.Namespace) -> int:
    """List what the failure queue holds; with ``--yes`` have it answered."""
    if not options.queue:
        raise ClientUsageError("name the failure queue by --queue or FAILURE_QUEUE_URL")
    queue = FailureQueue(client("sqs", ATTEMPTS, read_seconds=20.0), options.queue)
    kinesis = client("kinesis", ATTEMPTS)
    depth = queue.depth()
    if not options.yes:
        code = _list(queue, kinesis)
    elif not options.predictions_stream:
        raise ClientUsageError("name the stream by --predictions-stream or PREDICTIONS_STREAM_NAME")
    else:
        code = _Redrive(queue, kinesis, options).run(depth)
    if depth.hidden:
        print(
            f"{depth.hidden} more are with another redrive, or with one that was killed:"
            f" they come back within {HIDDEN_SECONDS} seconds"
        )
    return code


def _list(queue: FailureQueue, kinesis: Any) -> int:
    batches = there = lost = 0
    with closing(queue.messages(at_once=10)) as messages:
        for message in messages:
            batches += 1
            if message.failure is None:
                print(f"{_name(message)}: {_STRANGE}")
                continue
            found = fetch(kinesis, message.failure.batch)
            there, lost = there + len(found.records), lost + found.lost
            print(f"{_name(message)}: {message.failure.context.condition}, {_state(found)}")
    if batches:
        print(
            f"{batches} given up: {there} records can be answered, {lost} are lost;"
            " nothing was done (--yes does it)"
        )
    else:
        print("nothing to redrive")
    return 0


def _name(message: Message) -> str:
    failure = message.failure
    return f"message {message.identity}" if failure is None else str(failure.batch)


def _state(found: Fetched) -> str:
    if not found.lost:
        return "in the stream"
    return f"retention has taken {found.lost}, {len(found.records)} are in the stream"


class _Redrive:
    """One run."""

    def __init__(self, queue: FailureQueue, kinesis: Any, options: argparse.Namespace) -> None:
        from tqdm import tqdm  # pylint: disable=import-outside-toplevel

        self._queue = queue
        self._kinesis = kinesis
        self._forget = options.forget_lost
        self._bar = tqdm(unit="batch", desc="redriven", disable=None)
        self._records = 0
        functions = client("lambda", ATTEMPTS, read_seconds=INVOCATION_SECONDS)
        self._function = Function(functions, options.function, self._count)
        since = datetime.now(timezone.utc) - LOOK_BACK
        reader = StreamReader(kinesis, options.predictions_stream, since)
        self._answers = Answers(reader, ANSWER_SECONDS)

    def run(self, depth: Depth) -> int:
        """Work through the queue; return 1 if anything has to stay."""
        removed = left = 0
        self._bar.total = depth.waiting
        with self._bar, closing(self._queue.messages()) as messages:
            for message in messages:
                reason = self._one(message)
                if reason:
                    left += 1
                    self._bar.write(f"{_name(message)}: {reason}")
                else:
                    self._queue.remove(message)
                    removed += 1
                self._bar.update()
        print(f"{self._records} records answered, {removed} messages removed, {left} left")
        return 1 if left else 0

    def _count(self, records: int) -> None:
        self._records += records
        self._bar.set_postfix(records=self._records)

    def _one(self, message: Message) -> str:
        """Have one message's records answered; return why it has to stay, or nothing."""
        if message.failure is None:
            return _STRANGE
        batch, arn = message.failure.batch, message.failure.context.function_arn
        found = fetch(self._kinesis, batch)
        culprits = self._function.answer(
            found.records, batch.batch_size, arn, lambda: self._queue.hold(message)
        )
        if culprits:
            named = "; ".join(f"{number}: {error}" for number, error in culprits.items())
            return f"the function fails on {len(culprits)} records: {named}"
        wanted = {one for record in found.records for one in record.prediction_ids}
        if missing := self._answers.missing(wanted):
            return f"{len(missing)} answers were acknowledged and are not on the output stream"
        if found.lost and not self._forget:
            return f"{_state(found)} (answered); --forget-lost removes the message"
        if found.lost:
            self._bar.write(f"{batch}: {_state(found)} (answered); forgotten")
        return ""
