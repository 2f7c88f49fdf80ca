"""Ingest in a process of its own: a window's statistics hold their interpreter's lock, not its."""

from typing import Final

from monitoring import child
from monitoring.child import Child
from monitoring.clients import client
from monitoring.ingest import predictions
from monitoring.ingest.consumer import Consumer
from monitoring.loop import Part
from monitoring.settings import Settings
from monitoring.storage.heartbeats import INGEST

CHILD: Final = Child(INGEST.name, "monitoring.ingest.process", 30.0)


def part(settings: Settings) -> Part:
    """Return the loop that brings the predictions stream into Postgres."""
    consumer = Consumer(
        client("kinesis", settings.endpoint_url),
        settings.predictions_stream,
        predictions,
        start=settings.start,
        rows=settings.batch_rows,
    )
    return Part(INGEST, consumer.step, settings.poll_seconds)


if __name__ == "__main__":
    child.main(part)
