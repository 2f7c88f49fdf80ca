"""Kill a publication before each request it makes, over real services; run by an integration test.

``python -m tests.orchestrator.support.killing`` prints one JSON line a killed publication: what served
right after, what the next run made of it, and how many versions the registry holds for the run.
The process forks: each publication dies by SIGKILL in a child of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from urllib3.connectionpool import HTTPConnectionPool

from orchestrator.training.data.datasets import STUDENT_ID
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.release.bundles import Facts
from orchestrator.training.release.gate import Verdict
from orchestrator.training.release.publication import BundleStore, move_champion, recover
from orchestrator.training.release.registration import publish_version, register_version
from orchestrator.training.services import Services
from tests.orchestrator.support.results import trained_candidate

MOST_REQUESTS = 200
_VERDICT = Verdict(True, ["a test"])


@dataclass(frozen=True)
class Publication:
    """One run's model on its way to the champion."""

    run_id: str
    model: bytes
    train: pd.DataFrame

    def publish(self) -> None:
        """Do what the last step of model_training does."""
        services = Services.open()
        trained = trained_candidate(self.run_id)
        version = register_version(services, self.model, trained, _VERDICT)
        gate = {"promoted": True, "reasons": _VERDICT.reasons}
        facts = Facts(services.settings.model_name, self.run_id, {"f1_macro": 0.65}, gate)
        publish_version(services, version, self.model, facts, self.train)
        move_champion(BundleStore.of(services), services.tracking, version)


def served(services: Services) -> str | None:
    """Return the version a reader gets, verified, or None while there never was a champion."""
    pointer, stored = BundleStore.of(services).pointer()
    if stored is None:
        return None
    assert pointer is not None, "champion.json cannot be read"
    bundle = BundleStore.of(services).read(pointer.version)
    assert bundle is not None, f"version {pointer.version} is incomplete"
    return bundle.version


def die_before(request: int) -> None:
    """Let this process be killed before its ``request``-th HTTP request, counted from one."""
    plain, made = HTTPConnectionPool.urlopen, 0

    def urlopen(*arguments: Any, **named: Any) -> Any:
        nonlocal made
        made += 1
        if made == request:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*arguments, **named)

    HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign, assignment]


def in_child(action: Callable[[], None]) -> int:
    """Run ``action`` in a forked child; return its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException as error:  # pylint: disable=broad-exception-caught
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> int:
    """Kill publications before request 1, 2, ... until one has no more requests."""
    services = Services.open()
    train = simulate_students(300, seed=3).rename(columns={"StudentID": STUDENT_ID})
    students = Students.from_frame(train)
    for request in range(1, MOST_REQUESTS):
        learner = GaussianGpa(float(request))
        model = learner.fit(students.features, students.grades, students.gpa).to_onnx()
        run_id = services.tracking.start_run(f"killed-{request}", {})
        publication = Publication(run_id, model, train)
        before = served(services)

        def killed(request: int = request, publication: Publication = publication) -> None:
            die_before(request)
            publication.publish()

        code = in_child(killed)
        fate: dict[str, Any] = {"request": request, "exit": code, "before": before}
        fate["served"] = served(services)
        fate["recovered"] = recover(BundleStore.of(services), services.tracking)
        fate["after_recovery"] = [served(services), services.tracking.champion_version()]
        fate["again"] = in_child(publication.publish)
        fate["after_again"] = [served(services), services.tracking.champion_version()]
        fate["versions"] = services.tracking.versions_of(run_id)
        print(json.dumps(fate), flush=True)
        if code != -signal.SIGKILL:
            return code
    return 1


if __name__ == "__main__":
    sys.exit(main())
