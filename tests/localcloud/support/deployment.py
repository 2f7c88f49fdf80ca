"""One function on streams of its own, at an AWS endpoint that tests share."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from localcloud.configuration import REPOSITORY, load, renamed
from localcloud.provision import client, provision
from localcloud.services.lambda_service import LambdaHost
from localcloud.stack import Options, Stack
from tests.inference.support import factory
from tests.localcloud.support.cleaning import discard

_RUN = uuid.uuid4().hex[:10]
"""An endpoint may outlive this run and hold what earlier runs left."""
_NUMBERS = itertools.count(1)
STUDENT = {
    "ParentalEducation": 2,
    "StudyTimeWeekly": 19.83,
    "Absences": 7,
    "Tutoring": 1,
    "ParentalSupport": 2,
    "Extracurricular": 0,
    "Sports": 0,
    "Music": 1,
    "Volunteering": 0,
}
HANDLERS = "tests.localcloud.support.handlers"
PATIENCE_SECONDS = 240.0
"""How long a busy machine may take; what comes true is seen at once."""


def eventually(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Poll until ``condition`` returns something true and return that; fails past the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)
    return value


def unique() -> str:
    """Return a name nobody else uses on the endpoint."""
    return f"test-{_RUN}-{next(_NUMBERS)}"


def write_variables(folder: Path, **changes: object) -> Path:
    """Write a variables file like local.tfvars.json with unique names, a fast model refresh, and
    ``changes``.
    """
    return renamed(folder, unique(), **{"model_refresh_seconds": 1, **changes})


def next_second() -> float:
    """Wait past the next whole second and return the time then.

    AWS compares arrival times to the millisecond; LocalStack cuts the time it is asked for to whole
    seconds, so that what came earlier in the same second counts as later.
    """
    moment = time.time()
    time.sleep(1.01 - moment % 1)
    return time.time()


@contextmanager
def own_stack(
    aws: Mapping[str, str], folder: Path, services: Sequence[str], **changes: object
) -> Iterator[Stack]:
    """More services at the endpoint of the run, with names of their own there; deleted at the end."""
    options = Options(write_variables(folder, **changes), endpoint=aws["AWS_ENDPOINT_URL"])
    try:
        with Stack(folder / "state", services=services, options=options) as stack:
            yield stack
    finally:
        discard(load(options.variables_file), aws)


class Deployment:
    """The function (the project's own unless ``handler`` names another) behind its event source
    mapping.

    ``changes`` replace variables. Use as a context manager: the host runs inside the block;
    ``start`` and ``stop`` do so by hand.
    """

    def __init__(
        self,
        aws: Mapping[str, str],
        folder: Path,
        handler: str | None = None,
        root: Path = REPOSITORY,
        **changes: object,
    ) -> None:
        self.folder = folder
        self.variables_file = write_variables(folder, **changes)
        self.configuration = load(self.variables_file)
        self._handler, self._root = handler, root
        self._aws = dict(aws)
        self.variables = {**aws, **provision(self.configuration, aws)}
        self.kinesis = client("kinesis", aws)
        self.s3 = client("s3", aws)
        self.sqs = client("sqs", aws)
        self.host: LambdaHost | None = None
        self.function_url: str | None = None
        """A runtime interface emulator to invoke; without one the host runs the handler itself."""
        self._iterators: dict[str, str] = {}
        self._read: list[bytes] = []

    def publish(self, version: str = "1") -> None:
        """Put a model bundle into the model bucket and make it the champion."""
        local = self.folder / f"bundle-{version}"
        factory.publish(local, version)
        factory.upload(local, self.s3, self.configuration.model_bucket_name)

    def start(self) -> None:
        """Start the host; on the same state as before, so it goes on from its checkpoints."""
        state = self.folder / "host"
        self.host = LambdaHost(
            state, self.variables_file, self._handler, self._root, self.function_url
        )
        self.host.launch(self.variables)
        self.host.wait_ready()
        self.variables |= self.host.environment()

    def stop(self) -> None:
        """Stop the host."""
        if self.host is not None:
            self.host.stop()

    def remove(self) -> None:
        """Stop the host and delete what this deployment has at the endpoint."""
        self.stop()
        discard(self.configuration, self._aws)

    @property
    def logs(self) -> Path:
        """The folder of the host's and the function's logs."""
        return self.folder / "host" / "logs"

    def log(self) -> str:
        """Return what the host and the function have logged."""
        files = sorted(self.logs.glob("*.log"))
        # A line still being written may end in half a letter.
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    def put(self, records: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
        """Put (partition key, data) pairs; return each one's (shard id, sequence number)."""
        pending = list(records)
        placed = []
        for start in range(0, len(pending), 500):
            answer = self.kinesis.put_records(
                StreamName=self.configuration.students_stream_name,
                Records=[
                    {"PartitionKey": key, "Data": data}
                    for key, data in pending[start : start + 500]
                ],
            )
            assert answer["FailedRecordCount"] == 0
            placed += [(entry["ShardId"], entry["SequenceNumber"]) for entry in answer["Records"]]
        return placed

    def answers(self) -> list[bytes]:
        """Return everything on the output stream so far."""
        name = self.configuration.predictions_stream_name
        if not self._iterators:
            for shard in self.kinesis.list_shards(StreamName=name)["Shards"]:
                shard_id = shard["ShardId"]
                self._iterators[shard_id] = self.kinesis.get_shard_iterator(
                    StreamName=name, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
        for shard_id, iterator in self._iterators.items():
            while True:
                page = self.kinesis.get_records(ShardIterator=iterator)
                iterator = self._iterators[shard_id] = page["NextShardIterator"]
                self._read += [record["Data"] for record in page["Records"]]
                if not page["Records"]:
                    break
        return self._read

    def wait_answers(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[bytes]:
        """Wait for ``count`` records on the output stream."""
        eventually(lambda: len(self.answers()) >= count, seconds)
        return self._read

    def failures(self) -> list[dict[str, Any]]:
        """Take what is in the on-failure queue."""
        documents = []
        url = self.variables["FAILURE_QUEUE_URL"]
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                documents.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return documents

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
