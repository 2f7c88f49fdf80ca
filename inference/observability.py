"""Logs and metrics: Powertools' Logger (JSON) and its embedded metrics (EMF).

Only counts, codes, durations and model versions are written: nothing of a record, no id, no key.
README.md lists every metric.
"""

import os
import time
from collections import Counter
from datetime import datetime
from typing import NamedTuple

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from contract.bundle import Manifest
from inference.model.champion import Refresh

NAMESPACE = "StudentPerformance"
SERVICE = "inference"


class Report(NamedTuple):
    """The numbers of one answered batch."""

    records: int
    rejected: int
    problems: Counter[str]
    retries: int
    put_errors: Counter[str]
    unpublished: int
    milliseconds: float
    newest_arrival: float | None


class Observer:
    """Writes one metrics document per invocation, and a log line for each thing worth knowing."""

    def __init__(self) -> None:
        self._namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or NAMESPACE
        self._service = os.environ.get("POWERTOOLS_SERVICE_NAME") or SERVICE
        self.logger = Logger(service=self._service, level=os.environ.get("LOG_LEVEL") or "INFO")
        self.metrics = Metrics(namespace=self._namespace, service=self._service)
        self._last_error = ""

    def batch(self, report: Report, manifest: Manifest) -> None:
        """Record one answered batch."""
        self._count("Records", report.records)
        self._count("Predictions", report.records - report.rejected)
        self._count("Rejected", report.rejected)
        self._count("PutRetries", report.retries)
        self._count("Unpublished", report.unpublished)
        self._count("BatchFailures", int(report.unpublished > 0))
        add = self.metrics.add_metric
        add("HandlerMilliseconds", MetricUnit.Milliseconds, report.milliseconds)
        if report.newest_arrival is not None:
            age = max(0.0, time.time() - report.newest_arrival) * 1000
            add("IteratorAgeMilliseconds", MetricUnit.Milliseconds, age)
        add("ModelAgeSeconds", MetricUnit.Seconds, _age_seconds(manifest.created_at))
        if manifest.version.isdecimal():
            add("ModelVersion", MetricUnit.NoUnit, int(manifest.version))
        self.metrics.add_metadata("model_version", manifest.version)
        for code, count in sorted(report.problems.items()):
            with single_metric(
                "Problems", MetricUnit.Count, count, namespace=self._namespace
            ) as one:
                one.add_dimension("service", self._service)
                one.add_dimension("code", code)
        if report.unpublished:
            self.logger.error(
                "batch not fully published",
                unpublished=report.unpublished,
                records=report.records,
                put_errors=dict(report.put_errors),
            )

    def refreshes(self, finished: list[Refresh]) -> None:
        """Record finished refreshes: each swap, and each new reason for a failure, in one line."""
        for refresh in finished:
            if refresh.predictor is not None:
                self._last_error = ""
                self._count("ModelSwaps", 1)
                self.logger.info("model serves", version=refresh.predictor.manifest.version)
                continue
            self._count("ModelRefreshFailures", 1)
            if str(refresh.error) != self._last_error:
                self._last_error = str(refresh.error)
                self.logger.error("model refresh failed", reason=self._last_error)

    def failure(self, error: Exception) -> None:
        """Record an invocation that acknowledges nothing."""
        self._count("InvocationFailures", 1)
        self.logger.error("nothing acknowledged", code=getattr(error, "code", type(error).__name__))

    def flush(self) -> None:
        """Write the invocation's metrics."""
        if self.metrics.metric_set:
            self.metrics.flush_metrics()

    def _count(self, name: str, count: int) -> None:
        self.metrics.add_metric(name, MetricUnit.Count, count)


def _age_seconds(created_at: str) -> float:
    try:
        return max(0.0, time.time() - datetime.fromisoformat(created_at).timestamp())
    except ValueError:
        return 0.0
