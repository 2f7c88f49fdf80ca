"""Logs and metrics: Powertools' Logger (JSON), and CloudWatch's embedded metric format (EMF).

Only counts, codes, durations and model versions are written: nothing of a record, no id, no key.
README.md lists every metric. Powertools' own metrics cost as much as answering one record does.
"""

import os
import time
from collections import Counter
from datetime import datetime
from functools import lru_cache

import msgspec
from aws_lambda_powertools import Logger

from contract.bundle import Manifest
from inference.model.champion import Refresh

NAMESPACE = "StudentPerformance"
SERVICE = "inference"
_UNITS = {
    "HandlerMilliseconds": "Milliseconds",
    "IteratorAgeMilliseconds": "Milliseconds",
    "ModelAgeSeconds": "Seconds",
    "ModelVersion": "None",
}
"""What is not a count."""


class Report(msgspec.Struct):
    """The numbers of one answered batch, added up over its parts."""

    records: int = 0
    rejected: int = 0
    problems: Counter[str] = msgspec.field(default_factory=Counter)
    retries: int = 0
    put_errors: Counter[str] = msgspec.field(default_factory=Counter)
    unpublished: int = 0
    milliseconds: float = 0.0
    newest_arrival: float | None = None


class Observer:
    """Writes one metrics document per invocation, and a log line for each thing worth knowing."""

    def __init__(self) -> None:
        self._namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or NAMESPACE
        self._service = os.environ.get("POWERTOOLS_SERVICE_NAME") or SERVICE
        self.logger = Logger(service=self._service, level=os.environ.get("LOG_LEVEL") or "INFO")
        self._values: dict[str, list[float]] = {}
        self._versions: dict[str, str] = {}
        self._last_error = ""

    def batch(self, report: Report, manifest: Manifest) -> None:
        """Record one answered batch."""
        self._add("Records", report.records)
        self._add("Predictions", report.records - report.rejected)
        self._add("Rejected", report.rejected)
        self._add("PutRetries", report.retries)
        self._add("Unpublished", report.unpublished)
        self._add("BatchFailures", report.unpublished > 0)
        self._add("HandlerMilliseconds", report.milliseconds)
        if report.newest_arrival is not None:
            age = max(0.0, time.time() - report.newest_arrival) * 1000
            self._add("IteratorAgeMilliseconds", age)
        self._add("ModelAgeSeconds", _age_seconds(manifest.created_at))
        if manifest.version.isdecimal():
            self._add("ModelVersion", int(manifest.version))
        self._versions["model_version"] = manifest.version
        for code, count in sorted(report.problems.items()):
            self._write({"service": self._service, "code": code}, {"Problems": [float(count)]}, {})
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
                self._add("ModelSwaps", 1)
                self.logger.info("model serves", version=refresh.predictor.manifest.version)
                continue
            self._add("ModelRefreshFailures", 1)
            if str(refresh.error) != self._last_error:
                self._last_error = str(refresh.error)
                self.logger.error("model refresh failed", reason=self._last_error)

    def failure(self, error: Exception) -> None:
        """Record an invocation that acknowledges nothing."""
        self._add("InvocationFailures", 1)
        self.logger.error("nothing acknowledged", code=getattr(error, "code", type(error).__name__))

    def flush(self) -> None:
        """Write the invocation's metrics."""
        values, self._values = self._values, {}
        versions, self._versions = self._versions, {}
        if values:
            self._write({"service": self._service}, values, versions)

    def _add(self, name: str, value: float) -> None:
        self._values.setdefault(name, []).append(float(value))

    def _write(
        self, dimensions: dict[str, str], values: dict[str, list[float]], others: dict[str, str]
    ) -> None:
        directives = _directives(self._namespace, tuple(dimensions), tuple(values))
        head = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}
        print(msgspec.json.encode({"_aws": head, **dimensions, **others, **values}).decode())


@lru_cache(maxsize=64)
def _directives(namespace: str, dimensions: tuple[str, ...], names: tuple[str, ...]) -> msgspec.Raw:
    """Return what CloudWatch must know of a document; the same few come again and again."""
    metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names]
    directive = {"Namespace": namespace, "Dimensions": [dimensions], "Metrics": metrics}
    return msgspec.Raw(msgspec.json.encode([directive]))


def _age_seconds(created_at: str) -> float:
    try:
        return max(0.0, time.time() - datetime.fromisoformat(created_at).timestamp())
    except ValueError:
        return 0.0
