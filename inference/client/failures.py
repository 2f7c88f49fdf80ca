"""The failure queue: what the event source mapping has given up, named by shard and sequence.

Source: docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html (KinesisBatchInfo).
A message holds no record: those stay in the stream until its retention ends.
"""

import time
from collections.abc import Generator
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError

HIDDEN_SECONDS = 60
"""How long a message that was taken is kept from others; one of a killed run comes back then."""

_PEEKED = 10
_LONG_POLL_SECONDS = 1
"""A short poll asks only some of the queue's servers, and may see nothing where there is much."""

_NOT_OURS_ANY_MORE = {
    "ReceiptHandleIsInvalid",
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
    "InvalidParameterValue",
}
"""What SQS says where a message has come back since, or another redrive has removed it."""


_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Batch(msgspec.Struct, frozen=True, rename="camel"):
    """The records one message stands for."""

    shard_id: str
    start_sequence_number: str
    end_sequence_number: str
    approximate_arrival_of_first_record: _Moment
    approximate_arrival_of_last_record: _Moment
    batch_size: int
    stream_arn: str

    def __str__(self) -> str:
        first, last = (
            moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            for moment in (
                self.approximate_arrival_of_first_record,
                self.approximate_arrival_of_last_record,
            )
        )
        return (
            f"{self.shard_id} {self.start_sequence_number} to {self.end_sequence_number}"
            f" ({self.batch_size} records, arrived {first} to {last})"
        )


class _Context(msgspec.Struct, frozen=True, rename="camel"):
    function_arn: str
    condition: str = ""


class Failure(msgspec.Struct, frozen=True):
    """An on-failure message of a Kinesis mapping; others are not understood."""

    context: _Context = msgspec.field(name="requestContext")
    batch: Batch = msgspec.field(name="KinesisBatchInfo")


class Message(NamedTuple):
    """One message of the queue; ``failure`` is None where it is of another kind."""

    identity: str
    receipt: str
    failure: Failure | None


class Depth(NamedTuple):
    """How many messages wait, and how many somebody works on."""

    waiting: int
    hidden: int


class FailureQueue:
    """The queue at ``url``, seen through an SQS client."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def depth(self) -> Depth:
        """Return the queue's own count, which may lag by a minute on AWS."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        return Depth(*(int(found["Attributes"][name]) for name in names))

    def words(self) -> str:
        """Say what waits here and what to do about it; nothing where nothing does."""
        count = sum(self.depth())
        if not count:
            return ""
        oldest = self._oldest()
        age = (
            ""
            if oldest is None
            else f", the oldest {max(0.0, time.time() - oldest) / 60:.0f} min ago"
        )
        return f"{count} {'batch' if count == 1 else 'batches'} given up{age}: make redrive"

    def _oldest(self) -> float | None:
        """Return when the oldest of the first few was sent; looking hides none of them."""
        seen = self._receive(_PEEKED, hidden=0, AttributeNames=["SentTimestamp"])
        sent = [int(message["Attributes"]["SentTimestamp"]) / 1000 for message in seen]
        return min(sent, default=None)

    def messages(self, at_once: int = 1) -> Generator[Message, None, None]:
        """Yield each message once; at the end those not removed are shown to others again."""
        taken: dict[str, Message] = {}
        try:
            while received := self._receive(at_once, HIDDEN_SECONDS):
                found = {one["MessageId"]: _message(one) for one in received}
                fresh = [one for identity, one in found.items() if identity not in taken]
                # Of one that was hidden for too long and came again, the newer receipt counts.
                taken |= found
                yield from fresh
        finally:
            for message in taken.values():
                self._ours(self._sqs.change_message_visibility, message, VisibilityTimeout=0)

    def hold(self, message: Message) -> None:
        """Keep it from others for a while longer."""
        self._ours(self._sqs.change_message_visibility, message, VisibilityTimeout=HIDDEN_SECONDS)

    def remove(self, message: Message) -> None:
        """Delete it, unless another redrive has."""
        self._ours(self._sqs.delete_message, message)

    def _receive(self, number: int, hidden: int, **more: Any) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=number,
            VisibilityTimeout=hidden,
            WaitTimeSeconds=_LONG_POLL_SECONDS,
            **more,
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _ours(self, call: Any, message: Message, **more: Any) -> None:
        try:
            call(QueueUrl=self._url, ReceiptHandle=message.receipt, **more)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NOT_OURS_ANY_MORE:
                raise


def _message(received: dict[str, Any]) -> Message:
    try:
        failure = msgspec.json.decode(received["Body"], type=Failure)
    except msgspec.DecodeError:
        failure = None
    return Message(received["MessageId"], received["ReceiptHandle"], failure)
