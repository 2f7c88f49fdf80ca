"""infrastructure/README.md says what the plan says; docs/architecture.md leads to what is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from infrastructure.tools import sizing
from infrastructure.tools.sizing import Load, size
from monitoring.dashboards.panels import BOARDS
from tests.infrastructure.support.plans import INFRASTRUCTURE, REPOSITORY

ARCHITECTURE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
VARIABLES = (INFRASTRUCTURE / "variables.tf").read_text(encoding="utf-8")
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
    assert len(rows) == 5
    for rate, shards, lanes, executions, idle, million in rows:
        needed = size(Load(rate=float(rate.replace(",", ""))))
        assert (shards, lanes) == (f"{needed.shards:,}", str(needed.lanes))
        assert executions == f"{needed.concurrency:,}"
        assert (idle, million) == (f"{needed.idle_month:,.2f}", f"{needed.per_million:.4f}")


def test_lines_fit_a_screen() -> None:
    """Tables and the drawing cannot be wrapped."""
    text = re.sub(r"```.*?```", "", README + ARCHITECTURE, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > 100] == []


def costs() -> dict[str, tuple[float, float]]:
    """Return staging's and production's dollars by the first word of each row of the table."""
    table = README.split("## Cost", 1)[1].split("**A month with nothing to do**", 1)[0]
    rows = re.findall(r"^\| (.+?) \| *([\d.]*) *\| *([\d.]*) *\|$", table, re.MULTILINE)
    return {
        re.sub(r"[^\w ].*", "", name): (float(stg or 0), float(prod or 0))
        for name, stg, prod in ((re.sub("^Kinesis: ", "", name), *rest) for name, *rest in rows)
    }


def test_the_costs_add_up() -> None:
    total = re.search(r"nothing to do\*\* \| \*\*about (\d+)\*\* \| \*\*about (\d+)\*\*", README)
    assert total and len(costs()) == 11
    for column in (0, 1):
        assert sum(row[column] for row in costs().values()) == pytest.approx(
            float(total[column + 1]), abs=0.5
        )


@pytest.mark.parametrize(("column", "environment"), [(0, "stg"), (1, "prod")])
def test_the_costs_are_the_plan_s(
    column: int, environment: str, plan_of: Callable[..., Plan]
) -> None:
    plan = plan_of(environment)
    streams = [c["change"]["after"] for c in plan["resource_changes"] if "kinesis_s" in c["type"]]
    hours = [sizing.shard_hour(stream["retention_period"]) for stream in streams]
    shards = [stream["shard_count"] for stream in streams]
    a_month = sum(count * price * sizing.HOURS for count, price in zip(shards, hours))
    found = costs()
    charged = found["shards x 2 streams x "][column] + found["retention beyond 24 h "][column]
    assert charged == pytest.approx(a_month, abs=0.01)
    metrics = sum(
        sum(bool(query["metric"]) for query in alarm["metric_query"] or []) or 1
        for alarm in alarms(plan).values()
    )
    assert found["CloudWatch"][column] == pytest.approx(0.10 * metrics + 0.30 * 18, abs=0.01)


def test_the_dashboard_in_mails_is_one_that_exists(plan_of: Callable[..., Plan]) -> None:
    address = re.search(r'default     = "(\S+/d/(\S+))"', VARIABLES)
    assert address and address[2] in {board.uid for board in BOARDS}
    compose = (REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8")
    assert f"DASHBOARD_URL: http://127.0.0.1:${{GRAFANA_PORT:-3000}}/d/{address[2]}\n" in compose
    worker = plan_of("prod")["configuration"]["root_module"]["module_calls"]["monitoring"]["module"]
    text = (INFRASTRUCTURE / "modules" / "monitoring" / "main.tf").read_text(encoding="utf-8")
    for name in ("ENVIRONMENT", "DASHBOARD_URL", "RUNBOOK_URL"):
        assert re.search(rf"{name} += var\.{name.lower()}\n", text)
        assert name.lower() in worker["variables"]


def test_links_within_the_page_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([\w-]+)\)", README)) <= anchors


def test_the_architectures_paths_exist() -> None:
    """Every link, and every path in a table or text that names a folder or a file."""
    links = re.findall(r"\]\(([^)#]+)", ARCHITECTURE)
    assert [link for link in links if not (REPOSITORY / "docs" / link).exists()] == []
    for label, link in re.findall(r"\[`([^`]+)`\]\(([^)#]+)\)", ARCHITECTURE):
        assert (REPOSITORY / label) == (REPOSITORY / "docs" / link).resolve()


def test_the_architecture_has_twenty_ways_and_every_package() -> None:
    rows = re.findall(r"^\| .+ \| .+ \| .*\|$", ARCHITECTURE, re.MULTILINE)
    assert len(rows) - 1 >= 20
    for package in sorted(REPOSITORY.glob("*/__init__.py")):
        if package.parent.name != "tests":
            assert f"**`{package.parent.name}/`**" in ARCHITECTURE


def test_the_architectures_wings_are_there() -> None:
    """A paragraph of a package names folders below it."""
    for package, text in re.findall(r"^\*\*`(\w+)/`\*\*(.*?)\n\n", ARCHITECTURE, re.M | re.S):
        for wing in re.findall(r"`(\w+)/`", text):
            folders = [REPOSITORY / package / wing, REPOSITORY / package / "training" / wing]
            assert any(path.is_dir() for path in folders), f"{package}/{wing}"


def test_commands_the_architecture_names_are_there() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([\w-]+)", ARCHITECTURE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for module in re.findall(r"`python -m ([\w.]+)", ARCHITECTURE):
        assert (REPOSITORY / f"{module.replace('.', '/')}.py").is_file(), module
