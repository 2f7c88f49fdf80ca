"""Plans of every environment, made offline once per session."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
INFRASTRUCTURE = REPOSITORY / "infrastructure"
LINT_PYTHON = REPOSITORY / ".venv-lint" / "bin" / "python"
COMPONENTS = ("inference", "monitoring", "grafana", "orchestrator", "mlflow")
DIGESTS = {name: f"sha256:{index:064x}" for index, name in enumerate(COMPONENTS, start=1)}

EVERY_SWITCH = tuple(f"--var=enable_{name}=true" for name in ("monitoring", "training", "web"))

Plan = dict[str, Any]


@cache
def make_plan(environment: str, *settings: str) -> Plan:
    """Return the plan of an environment with every image given."""
    variables = INFRASTRUCTURE / "vars" / f"{environment}.tfvars.json"
    return run_plan(str(variables), f"--var=image_digests={json.dumps(DIGESTS)}", *settings)


@cache
def bootstrap_plan(environment: str) -> Plan:
    """Return the plan of the bootstrap root: the state's bucket and GitHub's roles."""
    return run_plan(
        f"--root={INFRASTRUCTURE / 'bootstrap'}",
        f"--var=environment={environment}",
        "--var=region=us-east-1",
        f"--var=state_bucket_name=student-performance-{environment}-state",
        "--var=github_repository=school/student-performance",
    )


def run_plan(*arguments: str) -> Plan:
    """Plan offline; fails the test with Terraform's own words."""
    done = subprocess.run(
        [str(LINT_PYTHON), "-m", "infrastructure.tools.offline", "plan", *arguments],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    plan: Plan = json.loads(done.stdout)
    return plan


@pytest.fixture(scope="session", name="plan_of")
def _plan_of() -> Callable[..., Plan]:
    if not LINT_PYTHON.exists():
        pytest.skip("no .venv-lint (make setup-lint makes it): Terraform comes from there")
    return make_plan


@pytest.fixture(params=["local", "stg", "prod", "everything", "bootstrap"], name="plan")
def _plan(request: pytest.FixtureRequest, plan_of: Callable[..., Plan]) -> Plan:
    """The plan of each environment, one with every switch on, and the bootstrap root's."""
    if request.param == "everything":
        return plan_of("stg", *EVERY_SWITCH)
    if request.param == "bootstrap":
        return bootstrap_plan("stg")
    return plan_of(request.param)
