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
LINT_PYTHON = REPOSITORY / ".venv-lint" / "bin" / "python"
COMPONENTS = ("inference", "monitoring", "grafana", "orchestrator", "mlflow")
DIGESTS = {name: f"sha256:{index:064x}" for index, name in enumerate(COMPONENTS, start=1)}

Plan = dict[str, Any]


@cache
def make_plan(environment: str, *settings: str) -> Plan:
    """Return the plan of an environment with every image given."""
    variables = REPOSITORY / "infrastructure" / "vars" / f"{environment}.tfvars.json"
    given = [f"image_digests={json.dumps(DIGESTS)}", *settings]
    done = subprocess.run(
        [str(LINT_PYTHON), "-m", "infrastructure.offline", "plan", str(variables)]
        + [f"--var={setting}" for setting in given],
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
        pytest.skip("no .venv-lint (make setup makes it): Terraform comes from there")
    return make_plan


@pytest.fixture(params=["local", "stg", "prod", "everything"])
def plan(request: pytest.FixtureRequest, plan_of: Callable[..., Plan]) -> Plan:
    """The plan of each environment, and one with every switch on."""
    if request.param == "everything":
        switches = ("enable_monitoring=true", "enable_training=true", "enable_web=true")
        return plan_of("stg", *switches)
    return plan_of(request.param)
