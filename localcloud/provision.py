"""Create what Terraform creates on AWS, and delete it: streams, buckets, the failure queue.

``python -m localcloud.provision`` does it for the AWS_ENDPOINT_URL of the environment,
whoever serves it.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from contract.environment import spare_loopback
from contract.kinesis import quick_reads
from localcloud.configuration import LOCAL_VARIABLES, Configuration, load
from localcloud.errors import ConfigurationError, LocalCloudError, ProvisionFailed
from localcloud.state_file import format_variables


def client(service: str, variables: Mapping[str, str], patience: float = 20.0) -> Any:
    """Return a boto3 client for the endpoint and credentials in ``variables``.

    It waits ``patience`` seconds for an answer, and tries four more times.
    """
    spare_loopback()
    made = boto3.client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        config=Config(
            retries={"max_attempts": 4, "mode": "standard"},
            connect_timeout=5,
            read_timeout=patience,
            s3={"addressing_style": "path"},
        ),
    )
    return quick_reads(made) if service == "kinesis" else made


def _create_stream(kinesis: Any, name: str, shards: int) -> None:
    try:
        kinesis.create_stream(
            StreamName=name, ShardCount=shards, StreamModeDetails={"StreamMode": "PROVISIONED"}
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    kinesis.get_waiter("stream_exists").wait(
        StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def _create_bucket(s3: Any, name: str) -> None:
    try:
        s3.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {
            "BucketAlreadyOwnedByYou",
            "BucketAlreadyExists",
        }:
            raise


def provision(configuration: Configuration, variables: Mapping[str, str]) -> dict[str, str]:
    """Create what is not there yet; return the variables that name it. Safe to repeat.

    Raises ProvisionFailed where the endpoint is away or refuses.
    """
    try:
        return _provision(configuration, variables)
    except (BotoCoreError, ClientError) as error:
        raise ProvisionFailed(f"{variables['AWS_ENDPOINT_URL']}: {error}") from error


def _provision(configuration: Configuration, variables: Mapping[str, str]) -> dict[str, str]:
    kinesis = client("kinesis", variables)
    for stream in (configuration.students_stream_name, configuration.predictions_stream_name):
        _create_stream(kinesis, stream, configuration.stream_shard_count)
    s3 = client("s3", variables)
    for bucket in (configuration.model_bucket_name, configuration.artifact_bucket_name):
        _create_bucket(s3, bucket)
    queue = client("sqs", variables).create_queue(QueueName=configuration.failure_queue_name)
    client("ses", variables).verify_email_identity(EmailAddress=configuration.alert_sender)
    return {**names(configuration), "FAILURE_QUEUE_URL": str(queue["QueueUrl"])}


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


def wait_for_endpoint(variables: Mapping[str, str], seconds: float) -> None:
    """Wait until the AWS endpoint answers; raises LocalCloudError when it does not in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            client("s3", variables).list_buckets()
            return
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise LocalCloudError(
                    f"{variables['AWS_ENDPOINT_URL']} does not answer: {error}"
                ) from error
            time.sleep(0.5)


def names(configuration: Configuration) -> dict[str, str]:
    """Return the variables that follow from the configuration alone."""
    return {
        "MODEL_BUCKET": configuration.model_bucket_name,
        "MODEL_NAME": configuration.model_name,
        "ARTIFACT_BUCKET": configuration.artifact_bucket_name,
        "STUDENTS_STREAM_NAME": configuration.students_stream_name,
        "PREDICTIONS_STREAM_NAME": configuration.predictions_stream_name,
        "MODEL_REFRESH_SECONDS": str(configuration.model_refresh_seconds),
        "ALERT_SENDER": configuration.alert_sender,
        "ALERT_RECIPIENTS": ",".join(configuration.alert_recipients),
        "LOG_LEVEL": configuration.log_level,
    }


_NEEDED = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def main() -> int:
    """Provision the endpoint of the environment and write the variables that name what is there."""
    parser = argparse.ArgumentParser(prog="localcloud.provision", description=__doc__)
    parser.add_argument(
        "--variables", type=Path, default=LOCAL_VARIABLES, help="a tfvars.json file"
    )
    parser.add_argument(
        "--out", type=Path, help="write the KEY=VALUE lines here instead of printing them"
    )
    parser.add_argument(
        "--wait", type=float, default=60, help="seconds to wait for the endpoint (60)"
    )
    options = parser.parse_args()
    try:
        if missing := [name for name in _NEEDED if not os.environ.get(name)]:
            raise ConfigurationError(f"not set: {', '.join(missing)}")
        wait_for_endpoint(os.environ, options.wait)
        text = format_variables(provision(load(options.variables), os.environ))
    except (LocalCloudError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
