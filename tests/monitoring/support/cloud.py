"""An AWS endpoint as monitoring's tests use it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3

from localcloud.provision import delete_stream
from localcloud.services.mailbox import Mail, mails
from tests.localcloud.support.cleaning import discard_bucket
from tests.localcloud.support.deployment import unique
from tests.monitoring.support import cohort


def make_stream(url: str, name: str, shards: int = 2) -> None:
    """Create a stream and wait until it is active."""
    kinesis = boto3.client("kinesis", endpoint_url=url)
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    while (
        kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"]
        != "ACTIVE"
    ):
        time.sleep(0.02)


class Cloud(NamedTuple):
    """An AWS endpoint with a stream and a bucket made for one test."""

    url: str
    stream: str
    bucket: str

    def client(self, service: str) -> Any:
        """Return a boto3 client of this endpoint."""
        return boto3.client(service, endpoint_url=self.url)

    def put(self, records: list[bytes], stream: str | None = None) -> None:
        """Put records on the stream, 500 at a time, none lost."""
        kinesis = self.client("kinesis")
        for start in range(0, len(records), 500):
            entries = [
                {"Data": data, "PartitionKey": str(start + k)}
                for k, data in enumerate(records[start : start + 500])
            ]
            answer = kinesis.put_records(StreamName=stream or self.stream, Records=entries)
            assert answer["FailedRecordCount"] == 0

    def put_reference(self, version: str, **arguments: Any) -> None:
        """Write the reference set of a version."""
        body = io.BytesIO()
        cohort.reference(**arguments).to_parquet(body, index=False)
        self.client("s3").put_object(
            Bucket=self.bucket, Key=f"reference/{version}.parquet", Body=body.getvalue()
        )

    def mails(self) -> list[Mail]:
        """Return the mails SES has taken for this test's recipient, oldest first."""
        return mails(self.url, self.recipient)

    @property
    def recipient(self) -> str:
        """The address only this test's mails go to."""
        return f"{self.bucket}@school.example"


@contextmanager
def opened(url: str) -> Iterator[Cloud]:
    """A stream and a bucket with names of their own, and SES willing to send; deleted at the end."""
    name = unique()
    cloud = Cloud(url, f"{name}-predictions", f"{name}-artifacts")
    try:
        make_stream(url, cloud.stream)
        cloud.client("s3").create_bucket(Bucket=cloud.bucket)
        cloud.client("ses").verify_email_identity(EmailAddress="alerts@school.example")
        yield cloud
    finally:
        delete_stream(cloud.client("kinesis"), cloud.stream)
        discard_bucket(cloud.client("s3"), cloud.bucket)
