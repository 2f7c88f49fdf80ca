"""Plan on a state file: ``python -m tests.infrastructure.support.plan_on_state STATE ARGUMENTS...``."""

import shutil
import sys

from infrastructure.tools.offline.workspace import workspace

if __name__ == "__main__":
    state, *arguments = sys.argv[1:]
    with workspace() as space:
        shutil.copy(state, space.directory / "terraform.tfstate")
        space.output("plan", "-input=false", "-no-color", "-out=plan.bin", *arguments)
        print(space.output("show", "-json", "plan.bin"))
