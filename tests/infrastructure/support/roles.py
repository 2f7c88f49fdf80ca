"""The roles of the workflows, as bootstrap's plan makes them."""

from __future__ import annotations

import json
from typing import Any

from infrastructure.tools import review
from infrastructure.tools.offline.policy import render
from tests.infrastructure.support.iam import Policy, many
from tests.infrastructure.support.plans import bootstrap_plan

Plan = dict[str, Any]
UNKNOWN = "(known after apply)"


def documents(plan: Plan) -> dict[str, Policy]:
    """Return the policy documents by address; what is unknown in a plan has a name of its own."""
    found = {}
    for address, values in review.documents(plan):
        blocks = [
            {**block, "resources": [r or UNKNOWN for r in block.get("resources") or [UNKNOWN]]}
            for block in values["statement"] or []
        ]
        found[address] = json.loads(render({"statement": blocks}))
    return found


def policies(role: str, environment: str = "stg") -> list[Policy]:
    """Return the policies of plan, deploy, retrain or promote."""
    plan = bootstrap_plan(environment)
    written = documents(plan)
    named = "module.github.data.aws_iam_policy_document."
    attached = []
    for change in plan["resource_changes"]:
        name = str(change.get("index", ""))
        if change["type"] != "aws_iam_policy" or not name.startswith(f"{role}-"):
            continue
        if (text := change["change"]["after"].get("policy")) is not None:
            attached.append(json.loads(text))
        else:  # it names the state's key, which is not made yet
            assert name.endswith("-state")
            attached.append(written[named + "state_read"])
            attached += [written[named + "state_write"]] if role == "deploy" else []
    assert attached
    return attached


def listed(written: list[Policy]) -> set[str]:
    """Return every action that policies name."""
    return {a for p in written for s in p["Statement"] for a in many(s["Action"])}
