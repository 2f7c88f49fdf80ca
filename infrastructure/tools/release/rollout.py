"""ECS services: each must end up with the task definition it was given."""

import time

from infrastructure.tools.release.errors import RolloutError
from infrastructure.tools.release.program import aws

POLL_SECONDS = 15.0
LIMIT_SECONDS = 1800.0
"""The circuit breaker gives up after three failed tasks, each with three minutes to become healthy."""


def settle(
    services: list[dict[str, str]],
    poll_seconds: float = POLL_SECONDS,
    limit_seconds: float = LIMIT_SECONDS,
) -> None:
    """Wait until every service runs what it was given; RolloutError when one does not.

    ``aws ecs wait services-stable`` alone is content after the circuit breaker went back to the old
    image: the service is stable then, and the release is not.
    """
    waiting = list(services)
    deadline = time.monotonic() + limit_seconds
    while waiting:
        waiting = [service for service in waiting if not _settled(service)]
        if waiting and time.monotonic() > deadline:
            names = ", ".join(service["name"] for service in waiting)
            raise RolloutError(f"not stable after {limit_seconds / 60:g} minutes: {names}")
        if waiting:
            time.sleep(poll_seconds)


def _settled(service: dict[str, str]) -> bool:
    name = service["name"]
    found = aws("ecs", "describe-services", "--cluster", service["cluster"], "--services", name)[
        "services"
    ]
    if not found:
        raise RolloutError(f"{name} is not there")
    primary = next(item for item in found[0]["deployments"] if item["status"] == "PRIMARY")
    if primary["taskDefinition"] != service["task_definition"]:
        raise RolloutError(f"{name}: the circuit breaker went back to {primary['taskDefinition']}")
    if primary["rolloutState"] == "FAILED":
        raise RolloutError(f"{name}: {primary.get('rolloutStateReason', 'the rollout failed')}")
    return bool(
        primary["rolloutState"] == "COMPLETED"
        and primary["runningCount"] == primary["desiredCount"]
    )
