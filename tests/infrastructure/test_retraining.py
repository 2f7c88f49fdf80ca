"""A training on request: the rule starts one command, and the script waits for the right container."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.run import parse
from tests.infrastructure.support import aws
from tests.infrastructure.support.plans import INFRASTRUCTURE, REPOSITORY

Plan = dict[str, Any]
REQUEST = "7bf73129-1428-4cd3-a780-95db273d1602"
NAME = "student-performance-prod"


def planned(plan: Plan, address: str) -> dict[str, Any]:
    """Return the planned values of one resource of the training module."""
    address = f"module.training[0].{address}"
    found = [c["change"]["after"] for c in plan["resource_changes"] if c["address"] == address]
    assert len(found) == 1, address
    values: dict[str, Any] = found[0]
    return values


def overrides(plan: Plan, rule: str = "retrain") -> dict[str, Any]:
    """Return what EventBridge hands to ECS: a variable is put in with its quotes."""
    target = planned(plan, f"aws_cloudwatch_event_target.{rule}")
    (transformer,) = target["input_transformer"]
    assert transformer["input_paths"] == {"request": "$.id"}
    text = transformer["input_template"].replace("<request>", json.dumps(REQUEST))
    found: dict[str, Any] = json.loads(text)
    return found


def ended(code: int | None, request: str = REQUEST, name: str = "mage") -> dict[str, Any]:
    """A message of the queue: the end of a task, its preparation listed first."""
    main = {"name": name, "lastStatus": "STOPPED"}
    if code is not None:
        main["exitCode"] = code  # type: ignore[assignment]
    detail = {
        "group": f"{NAME}-retrain",
        "lastStatus": "STOPPED",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "preparation", "exitCode": 0, "lastStatus": "STOPPED"}, main],
        "overrides": {"containerOverrides": [{"name": "mage", "command": ["timeout", request]}]},
    }
    return {"ReceiptHandle": f"handle-{request}-{code}", "Body": json.dumps({"detail": detail})}


class Run:
    """The script in a tree of its own, the CLI's stand-in on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        scripts = folder / ".github" / "scripts"
        scripts.mkdir(parents=True)
        shutil.copy(REPOSITORY / ".github" / "scripts" / "retrain", scripts)
        (folder / "bin").mkdir()
        program = folder / "bin" / "aws"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {aws.__file__} "$@"\n')
        program.chmod(0o755)
        self.settings = json.loads((INFRASTRUCTURE / "vars" / "prod.tfvars.json").read_text())

    def __call__(
        self, batches: list[list[dict[str, Any]]], put: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        put = put or {"FailedEntryCount": 0, "Entries": [{"EventId": REQUEST}]}
        answers = json.dumps({"put": put, "batches": batches})
        (self.folder / "answers.json").write_text(answers, encoding="utf-8")
        variables = self.folder / "infrastructure" / "vars" / "prod.tfvars.json"
        variables.parent.mkdir(parents=True)
        variables.write_text(json.dumps(self.settings), encoding="utf-8")
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            [str(self.folder / ".github" / "scripts" / "retrain")],
            env={"PATH": path, "AWS_STUB": str(self.folder), "ENVIRONMENT": "prod"},
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def calls(self, command: str) -> list[list[str]]:
        """Return the arguments of each call of a command."""
        lines = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return [call[1:] for call in map(json.loads, lines) if call[0] == command]


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Run:
    if not shutil.which("jq"):
        pytest.skip("no jq: the workflow's machine has it")
    return Run(tmp_path)


def test_the_rule_starts_one_command(plan_of: Callable[..., Plan]) -> None:
    (container,) = overrides(plan_of("prod"))["containerOverrides"]
    assert set(container) == {"name", "command"} and container["name"] == "mage"
    assert container["command"][:3] == ["timeout", "--kill-after=60", "2700"]
    assert container["command"][3:6] == ["python", "-m", "orchestrator.run"]
    options = parse(container["command"][6:])
    assert options.labelled and options.request_id == REQUEST


def test_a_promotion_s_rule_starts_one_command(plan_of: Callable[..., Plan]) -> None:
    """It takes what was sent; its end is no training's."""
    plan = plan_of("prod")
    (container,) = overrides(plan, "promote")["containerOverrides"]
    assert set(container) == {"name", "command"} and container["name"] == "mage"
    assert container["command"][:6] == [
        *("timeout", "--kill-after=60", "900"),
        *("python", "-m", "orchestrator.promote"),
    ]
    assert container["command"][6:] == ["--received", "--request-id", REQUEST]
    pattern = json.loads(planned(plan, "aws_cloudwatch_event_rule.promote")["event_pattern"])
    assert pattern == {"source": [NAME], "detail-type": ["promote"]}
    heard = json.loads(planned(plan, "aws_cloudwatch_event_rule.ended")["event_pattern"])
    (task,) = planned(plan, "aws_cloudwatch_event_target.promote")["ecs_target"]
    assert task["group"] not in heard["detail"]["group"]
    values = planned(plan, "aws_iam_role.retrain")["assume_role_policy"]
    assert f"rule/{NAME}-promote" in values


def test_the_rule_hears_the_role_that_asks(plan_of: Callable[..., Plan]) -> None:
    pattern = json.loads(
        planned(plan_of("prod"), "aws_cloudwatch_event_rule.retrain")["event_pattern"]
    )
    assert pattern == {"source": [NAME], "detail-type": ["retrain"]}
    heard = json.loads(planned(plan_of("prod"), "aws_cloudwatch_event_rule.ended")["event_pattern"])
    target = planned(plan_of("prod"), "aws_cloudwatch_event_target.retrain")
    assert heard["detail"]["group"] == [target["ecs_target"][0]["group"]]
    assert heard["detail"]["lastStatus"] == ["STOPPED"]


def test_it_waits_for_the_end_and_shows_the_verdict(run: Run) -> None:
    done = run([[ended(1, request="another")], [], [ended(0)]])
    assert done.returncode == 0, done.stderr
    assert "promoted: false  version: 4" in done.stdout and "no gain" in done.stdout
    assert len(run.calls("sqs receive-message")) == 3
    assert len(run.calls("sqs delete-message")) == 2
    (copy,) = run.calls("s3 cp")
    assert copy[0] == f"s3://{NAME}-artifacts/outcomes/{REQUEST}.json"


def test_the_preparation_s_success_is_not_the_training_s(run: Run) -> None:
    done = run([[ended(124)]])
    assert done.returncode == 1 and "exit code 124: Essential container" in done.stderr
    assert run.calls("s3 cp") == []


def test_a_container_that_never_ran_is_a_failure(run: Run) -> None:
    assert "exit code none" in run([[ended(None)]]).stderr


def test_a_refused_event_is_said(run: Run) -> None:
    put = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "AccessDenied"}]}
    done = run([], put)
    assert done.returncode == 1 and "AccessDenied" in done.stderr


def test_it_waits_as_long_as_the_task_may_run(run: Run) -> None:
    run.settings["retraining_timeout_seconds"] = -599
    done = run([])
    assert done.returncode == 1 and "within 1 s" in done.stderr


@pytest.mark.parametrize("environment", ["stg", "prod"])
def test_the_waiting_ends_before_the_credentials_and_the_job(environment: str) -> None:
    """Credentials last an hour unless the workflow asks for more."""
    variables = INFRASTRUCTURE / "vars" / f"{environment}.tfvars.json"
    longest = json.loads(variables.read_text(encoding="utf-8"))["retraining_timeout_seconds"] + 600
    path = REPOSITORY / ".github" / "workflows" / "retrain.yaml"
    job = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["retrain"]
    (login,) = [s for s in job["steps"] if "configure-aws-credentials" in s.get("uses", "")]
    lasting = int(login["with"].get("role-duration-seconds", 3600))
    assert longest + 120 <= min(lasting, job["timeout-minutes"] * 60)
