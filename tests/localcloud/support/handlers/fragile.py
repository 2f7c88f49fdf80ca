"""A handler that fails as its records tell it to: for tests of the Lambda host."""

import base64
import os
import time

import boto3

_KINESIS = boto3.client("kinesis")


def lambda_handler(event, context):
    """Copy each record to the output stream, unless one is an order: raise, exit, sleep, report,
    garbage.

    `raise`, `exit` and `sleep` fail the whole invocation before anything is copied; `report` is
    named in batchItemFailures after the records before it were copied; `garbage` answers with
    something meaningless.
    """
    records = [
        (kinesis["sequenceNumber"], kinesis["partitionKey"], base64.b64decode(kinesis["data"]))
        for kinesis in (record["kinesis"] for record in event["Records"])
    ]
    orders = [data for _, _, data in records]
    if b"raise" in orders:
        raise ValueError("told to raise")
    if b"exit" in orders:
        os._exit(3)
    if b"sleep" in orders:
        time.sleep(context.get_remaining_time_in_millis() / 1000 + 60)
    if b"garbage" in orders:
        return {"batchItemFailures": "garbage"}
    good = orders.index(b"report") if b"report" in orders else len(orders)
    if good:
        _KINESIS.put_records(
            StreamName=os.environ["PREDICTIONS_STREAM_NAME"],
            Records=[{"PartitionKey": key, "Data": data} for _, key, data in records[:good]],
        )
    return {
        "batchItemFailures": [{"itemIdentifier": number} for number, _, _ in records[good:][:1]]
    }
