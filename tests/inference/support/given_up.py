"""SQS, Kinesis and Lambda in memory, by the rules a redrive meets, with a power cut at any call."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from inference.model.scorer import score
from tests.inference.support import factory
from tests.inference.support.kinesis import ARN, SHARD, client_error, unpacked

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:inference"
_FIRST = 49_590_338_271_490_256_608_559_692_538_361_571_095


class PowerCut(BaseException):
    """Nothing comes through any more, until the next run."""


class Cloud:
    """One client for all three services; messages are hidden by ``clock``, which tests advance."""

    def __init__(self, *data: bytes) -> None:
        self.clock = 0.0
        self.created = EPOCH
        self.calls: Counter[str] = Counter()
        self.calls_left: int | None = None
        self.messages: dict[str, dict[str, Any]] = {}
        self.students = [
            {
                "SequenceNumber": str(_FIRST + number),
                "PartitionKey": f"key-{number}",
                "Data": one,
                "ApproximateArrivalTimestamp": EPOCH + timedelta(seconds=number, milliseconds=7),
            }
            for number, one in enumerate(data)
        ]
        self.predictions: list[bytes] = []
        self.killers: set[bytes] = set()
        self.error: dict[str, str] | None = None
        self.acknowledges = True
        self.publishes = True
        self.page = 3
        self.invoked: list[tuple[str, int]] = []

    def give_up(self, first: int, last: int, size: int | None = None, **changes: Any) -> None:
        """Put the message of records ``first`` to ``last`` into the queue."""
        start, end = self.students[first], self.students[last]
        batch = {
            "shardId": SHARD,
            "startSequenceNumber": start["SequenceNumber"],
            "endSequenceNumber": end["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _time(start),
            "approximateArrivalOfLastRecord": _time(end),
            "batchSize": last - first + 1 if size is None else size,
            "streamArn": ARN,
            **changes,
        }
        context = {"functionArn": FUNCTION, "condition": "RetryAttemptsExhausted"}
        self.send({"requestContext": context, "version": "1.0", "KinesisBatchInfo": batch})

    def send(self, document: Any) -> None:
        """Put any message into the queue."""
        identity = f"message-{len(self.messages)}"
        self.messages[identity] = {"body": json.dumps(document), "receipt": "", "visible": 0.0}

    def trim(self, number: int) -> None:
        """Let retention take the oldest records."""
        del self.students[:number]

    def answered(self) -> Counter[str]:
        """Count the answers by their id."""
        return Counter(json.loads(answer)["prediction_id"] for answer in self.predictions)

    def _call(self, name: str) -> None:
        self.calls[name] += 1
        if self.calls_left is not None:
            if self.calls_left <= 0:
                raise PowerCut
            self.calls_left -= 1

    # --- SQS

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        """Count."""
        self._call("get_queue_attributes")
        waiting = sum(one["visible"] <= self.clock for one in self.messages.values())
        hidden = len(self.messages) - waiting
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(waiting),
                "ApproximateNumberOfMessagesNotVisible": str(hidden),
            }
        }

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Hand out what is visible and hide it; a newer receipt ends the older."""
        self._call("receive_message")
        found = []
        for identity, one in self.messages.items():
            if one["visible"] <= self.clock and len(found) < request["MaxNumberOfMessages"]:
                one["visible"] = self.clock + request["VisibilityTimeout"]
                one["receipt"] = f"{identity}-{self.calls['receive_message']}"
                sent = {"SentTimestamp": "1000"}
                found.append(
                    {
                        "MessageId": identity,
                        "ReceiptHandle": one["receipt"],
                        "Body": one["body"],
                        "Attributes": sent,
                    }
                )
        return {"Messages": found} if found else {}

    def _held(self, receipt: str) -> str:
        for identity, one in self.messages.items():
            if one["receipt"] == receipt:
                return identity
        raise client_error("ReceiptHandleIsInvalid")

    def change_message_visibility(self, **request: Any) -> None:
        """Hide for so long from now."""
        self._call("change_message_visibility")
        held = self.messages[self._held(request["ReceiptHandle"])]
        held["visible"] = self.clock + request["VisibilityTimeout"]

    def delete_message(self, **request: Any) -> None:
        """Delete what the receipt is of."""
        self._call("delete_message")
        del self.messages[self._held(request["ReceiptHandle"])]

    # --- Kinesis

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        """Tell when the stream was made."""
        self._call("describe_stream_summary")
        return {"StreamDescriptionSummary": {"StreamCreationTimestamp": self.created}}

    @staticmethod
    def list_shards(**_: Any) -> dict[str, Any]:
        """List the only shard."""
        return {"Shards": [{"ShardId": SHARD}]}

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        """Start at a number, at the oldest record where that one is trimmed, or at the start."""
        self._call("get_shard_iterator")
        if request["ShardId"] != SHARD:
            raise client_error("ResourceNotFoundException")
        start = int(request.get("StartingSequenceNumber", 0))
        place = sum(int(one["SequenceNumber"]) < start for one in self.students)
        return {"ShardIterator": f"{request['StreamName']} {place}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        """Return a page; every second one is empty, as Kinesis may do."""
        self._call("get_records")
        stream, place = request["ShardIterator"].split()
        records: Sequence[Any] = self.students
        if stream == "predictions":
            records = [{"Data": data} for data in self.predictions]
        page = records[int(place) : int(place) + self.page]
        if self.calls["get_records"] % 2:
            page = []
        following = int(place) + len(page)
        return {
            "Records": page,
            "NextShardIterator": f"{stream} {following}",
            "MillisBehindLatest": 1000 * (len(records) - following),
        }

    # --- Lambda

    def invoke(self, **request: Any) -> dict[str, Any]:
        """Answer the batch, or fail as told."""
        self._call("invoke")
        event = json.loads(request["Payload"])
        items, numbers, _ = unpacked(event)
        self.invoked.append((request["FunctionName"], len(event["Records"])))
        if self.error is not None:
            return _payload(self.error, FunctionError="Unhandled")
        if any(item.data in self.killers for item in items):
            return _payload({"errorType": "Runtime.ExitError", "errorMessage": "exit 139"})
        if self.publishes:
            answers = score(items, factory.predictor()).answers
            self.predictions += [answer.data for answer in answers]
        failed = [] if self.acknowledges else [{"itemIdentifier": numbers[0]}]
        return _payload({"batchItemFailures": failed})


def _payload(document: Any, **more: str) -> dict[str, Any]:
    return {"Payload": io.BytesIO(json.dumps(document).encode()), **more}


def _time(record: dict[str, Any]) -> str:
    moment: datetime = record["ApproximateArrivalTimestamp"]
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
