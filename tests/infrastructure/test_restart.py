"""A rotated password: which services are restarted, and the task that does it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.infrastructure.support.plans import INFRASTRUCTURE

Plan = dict[str, Any]
SERVICES = {
    "student-performance-prod-monitoring": "student-performance-prod-monitoring",
    "student-performance-prod-mage": "student-performance-prod-training",
    "student-performance-prod-mlflow": "student-performance-prod-training",
}


class Ecs(ThreadingHTTPServer):
    """ECS's UpdateService; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    """One call."""

    server: Ecs

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Take the call down and answer it."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.headers["X-Amz-Target"], body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin
        """Say nothing."""


@pytest.fixture(name="ecs")
def _ecs() -> Iterator[Ecs]:
    with Ecs() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_task_starts_each_service_anew(ecs: Ecs) -> None:
    text = (INFRASTRUCTURE / "modules" / "restart" / "main.tf").read_text(encoding="utf-8")
    script = re.search(r"script = <<-PYTHON\n(.*?)\n  PYTHON", text, re.DOTALL)
    assert script
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ecs.server_port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "SERVICES": json.dumps(SERVICES),
        "no_proxy": "127.0.0.1",
    }
    program = re.sub("^    ", "", script[1], flags=re.MULTILINE)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    assert [target.rpartition(".")[2] for target, _ in ecs.asked] == ["UpdateService"] * 3
    assert {body["service"]: body["cluster"] for _, body in ecs.asked} == SERVICES
    assert all(body["forceNewDeployment"] for _, body in ecs.asked)


def test_whoever_holds_the_password_is_restarted(plan_of: Callable[..., Plan]) -> None:
    """The database's secret goes to this service and to no other: Mage and MLflow have their own."""
    calls = plan_of("prod")["configuration"]["root_module"]["module_calls"]
    holding = {
        f"student-performance-prod-{name}"
        for part in ("monitoring", "training")
        for name, call in calls[part]["module"]["module_calls"].items()
        if "var.database.secret_arn" in call["expressions"]["secrets"]["references"]
    }
    names = {name.replace("worker", "monitoring") for name in holding}
    assert names == {"student-performance-prod-monitoring"} == restarted(plan_of("prod"))


def restarted(plan: Plan) -> set[str]:
    """Return the services that the task may restart."""
    (policy,) = [
        resource["values"]
        for module in plan["prior_state"]["values"]["root_module"]["child_modules"]
        if module["address"].startswith("module.restart")
        for resource in module["resources"]
        if resource["name"] == "task" and resource["type"] == "aws_iam_policy_document"
    ]
    (statement,) = policy["statement"]
    assert statement["actions"] == ["ecs:UpdateService"]
    return {arn.rpartition("/")[2] for arn in statement["resources"]}


def test_both_events_start_the_same_task(plan_of: Callable[..., Plan]) -> None:
    changes = plan_of("prod")["resource_changes"]
    targets = [
        change["change"]["after"]["ecs_target"][0]["task_definition_arn"].rpartition("/")[2]
        for change in changes
        if change["address"].startswith("module.restart[0].aws_cloudwatch_event_target")
    ]
    assert targets == ["student-performance-prod-restart"] * 2
    services = [change for change in changes if change["type"] == "aws_ecs_service"]
    assert not any("restart" in change["address"] for change in services)
