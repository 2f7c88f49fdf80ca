"""The figures of a window, as rows of the long table, and what an evaluation comes to."""

import math
from typing import NamedTuple

from monitoring.windows.verdict import Verdict


class Metric(NamedTuple):
    """A value with what it is about and, where it was tested, how and against what."""

    metric: str
    column: str
    label: str
    value: float
    method: str | None = None
    threshold: float | None = None
    failed: bool | None = None


def finite(metrics: list[Metric]) -> list[Metric]:
    """Return the metrics whose value is a number: a single NaN breaks a dashboard panel."""
    return [metric for metric in metrics if math.isfinite(metric.value)]


class Outcome(NamedTuple):
    """What an evaluation comes to: figures, verdict, drifted columns."""

    metrics: list[Metric]
    verdict: Verdict
    drifted: tuple[str, ...] = ()
    reference_version: str | None = None
