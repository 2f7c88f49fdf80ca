"""A consumer of one shard that is killed over and over: ``python -m tests.inference.support.mortal``.

Each life reads on from the checkpoint file, has the handler answer one batch, and checkpoints, as
an event source mapping does. LIVES lives end by SIGKILL instead: half of them between publishing
and checkpoint, half in the middle of publishing.

Arguments: input stream, shard id, checkpoint file, lives, seed. The rest is the handler's
environment.
"""

from __future__ import annotations

import base64
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from inference import handler
from inference.aws import client
from inference.stream import publisher
from inference.stream.publisher import Publisher

BATCH = 100


class Context:
    """Lambda's context, with plenty of time."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return a minute."""
        return 60_000


def die() -> None:
    """End as a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)


def batch(kinesis: Any, stream: str, shard: str, checkpoint: Path) -> tuple[dict[str, Any], str]:
    """Return the Lambda event of the records after the checkpoint, and the last number in it."""
    start: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
    if checkpoint.exists():
        start = {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            "StartingSequenceNumber": checkpoint.read_text(encoding="utf-8"),
        }
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, **start)
    records = kinesis.get_records(ShardIterator=iterator["ShardIterator"], Limit=BATCH)["Records"]
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    event = {
        "Records": [
            {
                "kinesis": {
                    "data": base64.b64encode(record["Data"]).decode(),
                    "sequenceNumber": record["SequenceNumber"],
                    "partitionKey": record["PartitionKey"],
                    "approximateArrivalTimestamp": record[
                        "ApproximateArrivalTimestamp"
                    ].timestamp(),
                },
                "eventSource": "aws:kinesis",
                "eventID": f"{shard}:{record['SequenceNumber']}",
                "eventSourceARN": summary["StreamARN"],
            }
            for record in records
        ]
    }
    return event, records[-1]["SequenceNumber"] if records else ""


def live(stream: str, shard: str, checkpoint: Path, death: int | None) -> None:
    """Work on one batch until death comes: in publish call ``death``, after the last one if 0."""
    if death:
        calls = 0
        attempt = Publisher._attempt  # pylint: disable=protected-access

        def mortal(*arguments: Any) -> Any:
            nonlocal calls
            answer = attempt(*arguments)
            calls += 1
            if calls == death:
                die()
            return answer

        Publisher._attempt = mortal  # type: ignore[method-assign] # pylint: disable=protected-access
    event, last = batch(client("kinesis"), stream, shard, checkpoint)
    assert handler.lambda_handler(event, Context()) == {"batchItemFailures": []}
    if death is not None:
        die()
    partial = checkpoint.with_suffix(".partial")
    partial.write_text(last, encoding="utf-8")
    partial.replace(checkpoint)


def main() -> int:
    """Run every life in a fork of this process, which has only imported; returns 0 at the end."""
    stream, shard, name, lives, seed = sys.argv[1:]
    checkpoint, chance = Path(name), random.Random(int(seed))
    publisher.MAX_ENTRIES = 40  # several PutRecords calls for each batch
    handler.application()
    deaths = life = 0
    kinesis = client("kinesis")
    while batch(kinesis, stream, shard, checkpoint)[1]:
        life += 1
        # Every fifth life may checkpoint, so that the deaths are spread over the stream.
        mortal = deaths < int(lives) and life % 5 != 0
        child = os.fork()
        if child == 0:
            live(stream, shard, checkpoint, chance.choice((0, 0, 1, 2)) if mortal else None)
            os._exit(0)
        chance.random()
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status):
            assert status == 0
        else:
            assert os.WTERMSIG(status) == signal.SIGKILL
            deaths += 1
    print(f"{deaths} deaths")
    return 0


if __name__ == "__main__":
    sys.exit(main())
