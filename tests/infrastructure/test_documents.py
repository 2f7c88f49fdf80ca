"""infrastructure/README.md says what the plan says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from infrastructure.tools.sizing import Load, size
from tests.infrastructure.support.plans import INFRASTRUCTURE

README = (INFRASTRUCTURE / "README.md").read_text(encoding="utf-8")
Plan = dict[str, Any]


def alarms(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the planned alarms by the key at the end of their names."""
    prefix = f"student-performance-{plan['variables']['environment']['value']}-"
    return {
        change["change"]["after"]["alarm_name"].removeprefix(prefix): change["change"]["after"]
        for change in plan["resource_changes"]
        if change["type"] == "aws_cloudwatch_metric_alarm"
    }


def test_every_alarm_has_its_section(plan_of: Callable[..., Plan]) -> None:
    planned = alarms(plan_of("prod"))
    sections = re.findall(r"^### alarm-(.+)$", README, re.MULTILINE)
    assert sorted(sections) == sorted(planned)
    for key, alarm in planned.items():
        assert alarm["alarm_description"].endswith(f"infrastructure/README.md#alarm-{key}")


def test_every_alarm_reaches_somebody(plan_of: Callable[..., Plan]) -> None:
    """The topic's ARN is known at plan time in one module and handed to the other."""
    for alarm in alarms(plan_of("prod")).values():
        assert alarm["alarm_actions"] == alarm["ok_actions"]
        assert [arn.rsplit(":", 1)[-1] for arn in alarm["alarm_actions"]] == [
            "student-performance-prod-alarms"
        ]


def test_the_sizes_are_computed() -> None:
    rows = re.findall(
        r"^\| ([\d,]+) \| ([\d,]+) \| (\d+) \| ([\d,]+) \| \$([\d,.]+) \| \$([\d.]+) \|$",
        README,
        re.MULTILINE,
    )
    assert len(rows) == 7
    for rate, shards, lanes, executions, idle, million in rows:
        found = size(Load(rate=float(rate.replace(",", ""))))
        assert (shards, lanes) == (f"{found.shards:,}", str(found.lanes))
        assert executions == f"{found.concurrency:,}"
        assert (idle, million) == (f"{found.idle_month:,.2f}", f"{found.per_million:.4f}")


def test_links_within_the_page_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([\w-]+)\)", README)) <= anchors
