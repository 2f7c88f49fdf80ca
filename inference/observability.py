"""Logs and metrics: Powertools' Logger (JSON) and its embedded metrics (EMF).

Only counts, codes, durations and model versions are written: nothing of a record, no id, no key.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from typing import NamedTuple

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from inference.bundle import Manifest

NAMESPACE = "StudentPerformance"
SERVICE = "inference"


class Report(NamedTuple):
    """The numbers of one invocation."""

    records: int
    problems: Counter[str]
    rejected: int
    retries: int
    put_errors: Counter[str]
    unpublished: int
    milliseconds: float
    iterator_age_milliseconds: float | None


class Observer:
    """Writes one metrics document per invocation, and one log line per thing worth knowing."""

    def __init__(self) -> None:
        self.logger = Logger(service=SERVICE)
        self.metrics = Metrics(namespace=NAMESPACE, service=SERVICE)

    def batch(self, report: Report, manifest: Manifest) -> None:
        """Record one finished batch."""
        add = self.metrics.add_metric
        add("Records", MetricUnit.Count, report.records)
        add("Rejected", MetricUnit.Count, report.rejected)
        for code, count in report.problems.items():
            add(f"Rejected_{code}", MetricUnit.Count, count)
        add("PutRetries", MetricUnit.Count, report.retries)
        add("Unpublished", MetricUnit.Count, report.unpublished)
        add("HandlerMilliseconds", MetricUnit.Milliseconds, report.milliseconds)
        if report.iterator_age_milliseconds is not None:
            add("IteratorAge", MetricUnit.Milliseconds, report.iterator_age_milliseconds)
        add("ModelAgeSeconds", MetricUnit.Seconds, _age_seconds(manifest.created_at))
        self.metrics.add_metadata("model_version", manifest.version)
        self.metrics.flush_metrics()


def _age_seconds(created_at: str) -> float:
    try:
        return max(0.0, time.time() - datetime.fromisoformat(created_at).timestamp())
    except ValueError:
        return 0.0
