"""Evidently behind the verdict: which page is kept, and what counts as a difference."""

from __future__ import annotations

import pytest

from monitoring.windows import reports
from monitoring.windows.metric import Metric
from monitoring.windows.reports import is_kept


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("all", ["insufficient", "ok", "warn", "alarm"]),
        ("notable", ["warn", "alarm"]),
        ("none", []),
    ],
)
def test_pages_are_kept_by_policy(policy: str, kept: list[str]) -> None:
    """GIVEN a policy WHEN each level is asked for THEN the pages it names are kept."""
    levels = ["insufficient", "ok", "warn", "alarm"]
    assert [level for level in levels if is_kept(policy, level)] == kept


def test_a_difference_is_named_and_rounding_is_none() -> None:
    """GIVEN Evidently's figures WHEN compared with the verdict's THEN a p value that is another one
    and one that is missing are named, one that differs by rounding is not."""
    theirs = [
        Metric("drift_p", "Absences", "", 0.5),
        Metric("drift_p", "Tutoring", "", 0.25),
        Metric("mean", "Absences", "", 14.5 + 1e-9),
        Metric("missing", "", "count", 0.0),
    ]
    own = {
        ("drift_p", "Absences", ""): 0.4,
        ("drift_p", "Tutoring", ""): 0.25,
        ("mean", "Absences", ""): 14.5,
    }
    lines = reports.differences(own, theirs)
    assert lines == [
        "drift_p Absences is 0.5 by Evidently, 0.4 in the verdict",
        "missing count is 0 by Evidently, nan in the verdict",
    ]
