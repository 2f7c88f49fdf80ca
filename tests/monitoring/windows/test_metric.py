"""Figures as they are stored."""

from monitoring.windows.metric import Metric, finite


def test_what_is_no_number_is_left_out() -> None:
    """GIVEN figures, some not finite WHEN filtered THEN numbers only, in their order."""
    values = [1.0, float("nan"), float("inf"), -2.0, float("-inf")]
    metrics = [Metric("m", "", str(k), value) for k, value in enumerate(values)]
    assert [metric.value for metric in finite(metrics)] == [1.0, -2.0]
