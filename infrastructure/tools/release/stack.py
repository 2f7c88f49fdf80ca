"""Terraform: the saved and reviewed plan of one environment."""

import json
from typing import Any

from infrastructure.tools import review
from infrastructure.tools.release.errors import ReleaseError
from infrastructure.tools.release.program import run, show
from infrastructure.tools.release.target import INFRASTRUCTURE, Target

LOCK = "-lock-timeout=10m"
PLAN = "plan.bin"


class Stack:
    """The environment's Terraform state."""

    def __init__(self, target: Target) -> None:
        self._target = target
        backend = f"-backend-config=vars/{target.environment}.s3.tfbackend"
        run(*self._terraform("init"), "-input=false", backend)

    def make_registry(self, digests: dict[str, str]) -> None:
        """Make the repositories before there is anything to push to them."""
        self.plan(digests, "-target=module.registry")
        self.apply()

    def plan(self, digests: dict[str, str], *options: str) -> dict[str, Any]:
        """Save the plan that brings these images; return it once its policies are reviewed."""
        command = self._terraform("plan")
        command += ["-input=false", "-no-color", LOCK, f"-out={PLAN}", *options]
        command += [f"-var-file=vars/{self._target.environment}.tfvars.json"]
        show(*command, f"-var=image_digests={json.dumps(digests, sort_keys=True)}")
        plan: dict[str, Any] = json.loads(run(*self._terraform("show"), "-json", PLAN))
        refused = review.refused(plan)
        if refused:
            raise ReleaseError("wildcards without a reason: " + "; ".join(map(str, refused)))
        return plan

    def apply(self) -> None:
        """Apply the saved plan, and nothing else."""
        show(*self._terraform("apply"), "-input=false", "-no-color", LOCK, PLAN)

    def services(self) -> list[dict[str, str]]:
        """Return cluster, name and task definition of every ECS service in the state."""
        state = json.loads(run(*self._terraform("show"), "-json"))
        root = state.get("values", {}).get("root_module", {})
        return [
            {key: resource["values"][key] for key in ("cluster", "name", "task_definition")}
            for resource in review.resources(root)
            if resource["type"] == "aws_ecs_service"
        ]

    def _terraform(self, command: str) -> list[str]:
        return ["terraform", f"-chdir={INFRASTRUCTURE}", command]
