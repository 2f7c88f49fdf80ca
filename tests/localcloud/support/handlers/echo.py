"""A handler for tests of the Lambda host: copies each record's data to the output stream."""

import base64
import os

import boto3

_KINESIS = boto3.client("kinesis")


def lambda_handler(event, context):  # pylint: disable=unused-argument
    """Put every record's data on PREDICTIONS_STREAM_NAME, unchanged."""
    entries = [
        {
            "Data": base64.b64decode(record["kinesis"]["data"]),
            "PartitionKey": record["kinesis"]["partitionKey"],
        }
        for record in event["Records"]
    ]
    _KINESIS.put_records(StreamName=os.environ["PREDICTIONS_STREAM_NAME"], Records=entries)
    return {"batchItemFailures": []}
