"""One figure of a window, as a row of the long table."""

from __future__ import annotations

import math
from typing import NamedTuple


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
