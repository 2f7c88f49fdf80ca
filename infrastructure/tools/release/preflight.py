"""What a plan cannot know about the account it meets, asked before the apply."""

import re
from typing import Any

from infrastructure.tools.release.errors import PreflightError, ProgramError
from infrastructure.tools.release.program import aws
from infrastructure.tools.release.target import Target

KEPT_UNRESERVED = 100
"""Lambda refuses a reservation that leaves the account less than this."""


ADMINISTRATORS = re.compile(r"module\.(network|database|monitoring|training)\b")
"""Modules of which the deploy role rolls out new images only (modules/github)."""

DEPLOYABLE = ("aws_ecs_task_definition", "aws_cloudwatch_metric_alarm")
"""What it may make there all the same."""


def administrators(plan: dict[str, Any]) -> list[str]:
    """Return what the plan makes or removes, and the deploy role may not."""
    return [
        change["address"]
        for change in plan.get("resource_changes", [])
        if ADMINISTRATORS.match(change["address"])
        and change["type"] not in DEPLOYABLE
        and {"create", "delete"} & set(change["change"]["actions"])
    ]


def check(plan: dict[str, Any], target: Target) -> list[str]:
    """Return what could not be asked; PreflightError when the account is not ready."""
    notes = []
    for ask in (_reservations, _passwords):
        try:
            ask(plan, target)
        except ProgramError as error:
            if "AccessDenied" not in str(error):
                raise
            notes.append(f"not asked, no right to: {error}")
    return notes


def reserved(plan: dict[str, Any], side: str) -> int:
    """Return the executions that functions reserve before or after the plan."""
    return sum(
        max((change["change"].get(side) or {}).get("reserved_concurrent_executions") or 0, 0)
        for change in plan.get("resource_changes", [])
        if change["type"] == "aws_lambda_function"
    )


def _reservations(plan: dict[str, Any], _: Target) -> None:
    more = reserved(plan, "after") - reserved(plan, "before")
    if more <= 0:
        return
    limit = aws("lambda", "get-account-settings")["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"] - KEPT_UNRESERVED
    if more > free:
        raise PreflightError(
            f"the plan reserves {more} concurrent executions; this account"
            f" ({limit['ConcurrentExecutions']} in all) can give {max(free, 0)}. Ask for a higher"
            " quota (Lambda, concurrent executions), or set function_reserved_concurrency and"
            " web_reserved_concurrency to -1"
        )


def _passwords(plan: dict[str, Any], target: Target) -> None:
    """ECS reads the operator's secret when it starts a task: it must hold a value by then."""
    services = [
        change
        for change in plan.get("resource_changes", [])
        if change["type"] == "aws_ecs_service" and change["change"].get("after")
    ]
    if not services:
        return
    secret = f"{target.name}-operator"
    try:
        found = aws("secretsmanager", "describe-secret", "--secret-id", secret)
    except ProgramError as error:
        if "ResourceNotFoundException" not in str(error):
            raise
        found = {}
    if not found.get("VersionIdsToStages"):
        raise PreflightError(
            f"the plan makes services that read the secret {secret}, and it holds no passwords yet:"
            " docs/first-day.md, 'Passwords'"
        )
