"""Ticks and texts of a chart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.dashboards.report import scale

DAY = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.25, 0.5, 0.75, 1.0]),
        (0, 10, [0, 2.5, 5, 7.5, 10]),
        (3, 3, [3, 3.25, 3.5, 3.75, 4]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_values_have_round_ticks(low: float, high: float, ticks: list[float]) -> None:
    """GIVEN a range WHEN ticks are asked THEN round ones that span it, also where it is empty."""
    assert scale.value_ticks(low, high) == pytest.approx(ticks)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_span_any_range_and_are_few(low: float, width: float) -> None:
    """GIVEN any range WHEN ticks are asked THEN they reach both ends and fit on an axis."""
    ticks = scale.value_ticks(low, low + width)
    assert ticks[0] <= low + width * 1e-6 and ticks[-1] >= (low + width) - width * 1e-6
    assert 2 <= len(ticks) <= 7


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (5, ["00:00:00", "00:00:01", "00:00:02", "00:00:03", "00:00:04", "00:00:05"]),
        (3600, ["00:00", "00:10", "00:20", "00:30", "00:40", "00:50", "01:00"]),
        (5 * 86_400, ["01 Mar", "02 Mar", "03 Mar", "04 Mar", "05 Mar", "06 Mar"]),
    ],
)
def test_times_have_labels_that_suit_their_span(span: float, labels: list[str]) -> None:
    """GIVEN seconds, an hour, days WHEN ticks are asked THEN round moments, said in UTC."""
    assert [label for _, label in scale.time_ticks(DAY, DAY + span)] == labels


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.456, "percentunit", None, "46 %"),
        (0.456, "percentunit", 1, "45.6 %"),
        (3.14159, "s", None, "3.14 s"),
        (90, "s", 0, "90 s"),
        (150, "s", None, "2.5 min"),
        (11_520, "s", None, "3.2 h"),
        (259_200, "s", None, "3.0 d"),
        (12_345, "short", None, "12.3k"),
        (1234.5, "short", 0, "1,234"),
        (0.12345, "short", None, "0.123"),
    ],
)
def test_a_value_reads_as_a_person_would_say_it(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    """GIVEN a value and its unit WHEN written THEN in the size that suits it."""
    assert scale.text(value, unit, decimals) == text
