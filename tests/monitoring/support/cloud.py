"""An AWS endpoint as monitoring's tests use it."""

from __future__ import annotations

import io
import json
import time
import urllib.request
from typing import Any, NamedTuple

import boto3

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

    def mails(self) -> list[dict[str, Any]]:
        """Return the mails SES has taken for this test's recipient, oldest first."""
        with urllib.request.urlopen(f"{self.url}/_ministack/ses/messages", timeout=60) as answer:
            accounts = json.loads(answer.read())["messages"]
        mails = [mail for account in accounts.values() for mail in account]
        return [mail for mail in mails if self.recipient in mail["To"]]

    @property
    def recipient(self) -> str:
        """The address only this test's mails go to."""
        return f"{self.bucket}@school.example"
