"""Delete what ``provision`` makes, from an endpoint that others use too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from localcloud.configuration import Configuration
from localcloud.provision import client


def delete_stream(kinesis: Any, name: str) -> None:
    """Delete a stream that may be there."""
    with _absent("ResourceNotFoundException"):
        kinesis.delete_stream(StreamName=name)


def delete_bucket(s3: Any, name: str) -> None:
    """Delete a bucket that may be there, and its objects."""
    with _absent("NoSuchBucket"):
        empty_bucket(s3, name)
        s3.delete_bucket(Bucket=name)


def empty_bucket(s3: Any, name: str) -> None:
    """Delete the objects of a bucket."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        if keys := [{"Key": item["Key"]} for item in page.get("Contents", ())]:
            s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})


@contextmanager
def _absent(*codes: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


def remove(
    configuration: Configuration,
    variables: Mapping[str, str],
    remove_bucket: Callable[[Any, str], None] = delete_bucket,
) -> None:
    """Delete what ``provision`` makes but the sender's identity, with all it holds. Safe to repeat."""
    kinesis = client("kinesis", variables)
    for stream in (configuration.students_stream_name, configuration.predictions_stream_name):
        delete_stream(kinesis, stream)
    s3 = client("s3", variables)
    for bucket in (configuration.model_bucket_name, configuration.artifact_bucket_name):
        remove_bucket(s3, bucket)
    sqs = client("sqs", variables)
    with _absent("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"):
        queue = sqs.get_queue_url(QueueName=configuration.failure_queue_name)["QueueUrl"]
        sqs.delete_queue(QueueUrl=queue)
