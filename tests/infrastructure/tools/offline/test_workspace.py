"""Terraform in a copy of the tree: refusals in its own words, and what a state of before becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrastructure.tools.offline.schema import load
from tests.infrastructure.support.plans import INFRASTRUCTURE, Plan, lint_python, variables_of

FUNCTION = ".module.function."
CALLERS = {"module.inference[0]": "inference", "module.web[0]": "web"}


def earlier_state(plan: Plan) -> dict[str, Any]:
    """Return a state in which the functions' resources stand where they stood before they shared a module."""
    versions = load()["resource_schemas"]
    return {
        "version": 4,
        "terraform_version": "1.10.0",
        "serial": 1,
        "lineage": "test",
        "resources": [
            {
                "module": change["address"].split(FUNCTION)[0],
                "mode": "managed",
                "type": change["type"],
                "name": change["name"],
                "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
                "instances": [
                    {
                        "schema_version": versions[change["type"]]["version"],
                        "attributes": change["change"]["after"],
                    }
                ],
            }
            for change in plan["resource_changes"]
            if change["mode"] == "managed" and FUNCTION in change["address"]
        ],
    }


def test_a_state_of_before_the_shared_module_loses_nothing(
    plan_of: Callable[..., Plan], tmp_path: Path
) -> None:
    state = earlier_state(plan_of("stg", "--var=enable_web=true"))
    assert len(state["resources"]) == 8
    path = tmp_path / "terraform.tfstate"
    path.write_text(json.dumps(state), encoding="utf-8")
    done = lint_python(
        "-m",
        "tests.infrastructure.support.plan_on_state",
        str(path),
        *variables_of("stg"),
        "-var=enable_web=true",
    )
    assert done.returncode == 0, done.stderr
    changes = json.loads(done.stdout)["resource_changes"]
    moved = {change["previous_address"] for change in changes if "previous_address" in change}
    assert moved == {
        f"{entry['module']}.{entry['type']}.{entry['name']}" for entry in state["resources"]
    }
    assert [
        change["address"] for change in changes if "delete" in change["change"]["actions"]
    ] == []


def test_no_name_changed_with_the_move(plan_of: Callable[..., Plan]) -> None:
    """AWS knows a new name as a new resource: the policies keep theirs."""
    changes = plan_of("stg", "--var=enable_web=true")["resource_changes"]
    names = {
        change["address"].split(FUNCTION)[0]: change["change"]["after"]["name"]
        for change in changes
        if change["type"] == "aws_iam_role_policy" and FUNCTION in change["address"]
    }
    assert names == CALLERS


@pytest.mark.usefixtures("plan_of")
def test_an_unknown_variable_is_refused_in_terraforms_words() -> None:
    local = str(INFRASTRUCTURE / "vars" / "local.tfvars.json")
    arguments = ["-m", "infrastructure.tools.offline", "plan", local, "--var=region=nowhere"]
    done = lint_python(*arguments)
    assert done.returncode == 1
    assert "terraform_offline" in done.stderr and "region must be an AWS region" in done.stderr
