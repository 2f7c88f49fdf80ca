"""Kill a promotion between environments before each request it makes; run by an integration test.

``python -m tests.orchestrator.support.killed_delivery`` prints one JSON line a killed delivery, in the
way of ``killing``: what served right after, and what the repetition made of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from orchestrator.training.data.datasets import STUDENT_ID
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.release.delivery import SOURCE_TAG, Target, deliver
from orchestrator.training.release.parcel import Parcel
from orchestrator.training.services import Services
from tests.orchestrator.support import versions
from tests.orchestrator.support.killing import MOST_REQUESTS, die_before, in_child, served


def main() -> int:
    """Kill deliveries before request 1, 2, ... until one has no more requests."""
    services = Services.open()
    train = simulate_students(300, seed=3).rename(columns={"StudentID": STUDENT_ID})
    students = Students.from_frame(train)
    name = os.environ["MODEL_NAME"]
    for request in range(1, MOST_REQUESTS):
        # Every source counts from its own 1: the numbers never fit.
        bundle = versions.version(students, "1", float(request), name=name)
        parcel = Parcel(f"source-{request}", bundle)
        before = served(services)

        def killed(request: int = request, parcel: Parcel = parcel) -> None:
            die_before(request)
            deliver(parcel, Target.open())

        def again(parcel: Parcel = parcel) -> None:
            deliver(parcel, Target.open())

        fate: dict[str, Any] = {"request": request, "exit": in_child(killed), "before": before}
        fate["served"] = served(services)
        fate["again"] = in_child(again)
        fate["after_again"] = [served(services), services.tracking.champion_version()]
        run_id = services.tracking.run_with(SOURCE_TAG, parcel.manifest_sha256)
        fate["versions"] = services.tracking.versions_of(run_id or "")
        print(json.dumps(fate), flush=True)
        if fate["exit"] != -signal.SIGKILL:
            return int(fate["exit"])
    return 1


if __name__ == "__main__":
    sys.exit(main())
