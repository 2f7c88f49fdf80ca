"""Scales of a chart: round ticks for values, sensible ones for times, values as text."""

import math
from datetime import UTC, datetime
from typing import Final

_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600)
_DAY: Final = 86_400


def value_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return about ``count`` round values that span low to high."""
    if high <= low:
        high = low + 1.0
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [k * step for k in range(first, last + 1)]


def time_ticks(low: float, high: float, count: int = 5) -> list[tuple[float, str]]:
    """Return (epoch seconds, label in UTC) at round moments."""
    span = max(high - low, 1.0)
    step = next((s for s in _STEPS if span / s <= count + 1), 0)
    if not step:
        step = _DAY * max(1, round(span / _DAY / count))
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < _DAY else "%d %b"
    first = math.ceil(low / step)
    moments = [k * step for k in range(first, math.floor(high / step) + 1)]
    return [(t, datetime.fromtimestamp(t, UTC).strftime(form)) for t in moments]


def text(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a value as a person reads it: 45 %, 3.2 h, 1.2k."""
    if unit == "percentunit":
        return f"{value * 100:.{decimals if decimals is not None else 0}f} %"
    if unit == "s":
        for size, name in ((_DAY, "d"), (3600, "h"), (60, "min")):
            if abs(value) >= 2 * size:
                return f"{value / size:.1f} {name}"
        return f"{value:.{decimals}f} s" if decimals is not None else f"{value:.3g} s"
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    if abs(value) >= 10_000:
        return f"{value / 1000:.3g}k"
    return f"{value:.3g}"
