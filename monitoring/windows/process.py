"""Evidently in a process of its own: nine seconds of import and 280 MB are not the worker's."""

from typing import Final

from monitoring import child
from monitoring.child import Child
from monitoring.clients import client
from monitoring.loop import Part
from monitoring.settings import Settings
from monitoring.storage.heartbeats import REPORTS
from monitoring.windows import evidently_adapter
from monitoring.windows.reference import ReferenceStore
from monitoring.windows.reports import Reports

# What it does may be cut short at any moment, its import too.
CHILD: Final = Child(REPORTS.name, "monitoring.windows.process", 1.0)


def part(settings: Settings) -> Part:
    """Return the loop that runs Evidently over evaluated windows."""
    s3 = client("s3", settings.endpoint_url)
    references = ReferenceStore(s3, settings.artifact_bucket)
    reports = Reports(references, s3, settings.artifact_bucket, settings.windows.reports)
    return Part(REPORTS, reports.step, settings.tick_seconds)


if __name__ == "__main__":
    evidently_adapter.load()  # while the first rows come in, not when the first window is full
    child.main(part)
