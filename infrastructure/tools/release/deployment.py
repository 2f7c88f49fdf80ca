"""A release from the commit's images to a proven service, and back when it fails."""

import json
from pathlib import Path

from infrastructure.tools.release import preflight, record, rollout, smoke
from infrastructure.tools.release.errors import PreflightError, ReleaseError
from infrastructure.tools.release.registry import Registry
from infrastructure.tools.release.stack import Stack
from infrastructure.tools.release.target import DOCKERFILES, Target


def missing(target: Target) -> list[str]:
    """Return the components whose image of this commit has yet to be built."""
    with Registry(target) as registry:
        return [component for component in DOCKERFILES if registry.digest(component) is None]


def hand_over(target: Target, archives: Path) -> None:
    """Write the images that this environment proved, for the next one to promote."""
    with Registry(target) as registry:
        for component in DOCKERFILES:
            print(f"{component} {registry.fetch(component, archives)}", flush=True)


def deploy(target: Target, archives: Path) -> bool:
    """Release the commit; return whether an answer proved it (False: no champion yet).

    A failure after the apply began brings back what was proven before, and is raised all the same.
    """
    before = record.read(target)
    stack = Stack(target)
    with Registry(target) as registry:
        if any(registry.address(component) is None for component in DOCKERFILES):
            stack.make_registry(before.digests if before else {})
        digests = {component: registry.promote(component, archives) for component in DOCKERFILES}
    plan = stack.plan(digests)
    for note in preflight.check(plan, target):
        print(f"::notice::{note}", flush=True)
    if beyond := preflight.administrators(plan):
        raise PreflightError(
            f"the plan makes or removes {', '.join(beyond[:3])}"
            f"{' and more' if len(beyond) > 3 else ''}, which is an administrator's to apply:"
            f" make tf-plan ENVIRONMENT={target.environment} DIGESTS='{json.dumps(digests)}'"
            " && make tf-apply, then this again. Nothing was applied"
        )
    try:
        proven = _roll_out(target, stack)
    except ReleaseError as error:
        if before is None:
            raise ReleaseError(f"{error} (nothing was proven before to go back to)") from error
        print(f"::error::{error.code}: {error}; going back to {before.commit}", flush=True)
        # A component that was never proven keeps its new image: to leave it out is to remove it.
        stack.plan({**digests, **before.digests})
        _roll_out(target, stack)
        raise ReleaseError(f"{error} ({before.commit} serves again)") from error
    if proven:
        record.write(target, digests)
    return proven


def _roll_out(target: Target, stack: Stack) -> bool:
    stack.apply()
    rollout.settle(stack.services())
    if not smoke.has_champion(target):
        return False
    smoke.put_one(target)
    return True
