"""One ingest loop as a process to be killed: ``python -m tests.monitoring.support.rival STREAM``."""

import os
import sys
import time

from monitoring.clients import client
from monitoring.ingest import predictions
from monitoring.ingest.consumer import Consumer
from monitoring.storage import database


def main() -> None:
    """Ingest for ever."""
    kinesis = client("kinesis", os.environ["AWS_ENDPOINT_URL"])
    consumer = Consumer(kinesis, sys.argv[1], predictions, rows=int(sys.argv[2]))
    connection = database.connect(os.environ["DATABASE_URL"])
    while True:
        if not consumer.step(connection):
            time.sleep(0.02)


main()
