"""Plans of every environment, made with the stand-in provider: a plan by the real one needs an account."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
INFRASTRUCTURE = REPOSITORY / "infrastructure"
LINT_PYTHON = REPOSITORY / ".venv-lint" / "bin" / "python"
COMPONENTS = ("inference", "monitoring", "grafana", "orchestrator", "mlflow")
DIGESTS = {name: f"sha256:{index:064x}" for index, name in enumerate(COMPONENTS, start=1)}

EVERY_SWITCH = tuple(f"--var=enable_{name}=true" for name in ("monitoring", "training", "web"))

Plan = dict[str, Any]


def lint_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the linters' Python in the repository; Terraform comes from its environment."""
    return subprocess.run(
        [str(LINT_PYTHON), *arguments],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )


def variables_of(environment: str) -> tuple[str, str]:
    """Return Terraform's options for an environment with every image given."""
    path = INFRASTRUCTURE / "vars" / f"{environment}.tfvars.json"
    return f"-var-file={path}", f"-var=image_digests={json.dumps(DIGESTS)}"


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
    done = lint_python("-m", "infrastructure.tools.offline", "plan", *arguments)
    assert done.returncode == 0, done.stderr
    plan: Plan = json.loads(done.stdout)
    return plan
