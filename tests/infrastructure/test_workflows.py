"""The workflows: no standing rights, no key, no moving action, no deployment from a pull request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infrastructure.support.plans import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yaml"))
TEXTS = [*WORKFLOWS, *(REPOSITORY / ".github" / "actions").rglob("action.yaml")]


def load(path: Path) -> dict[Any, Any]:
    """Return a workflow; YAML 1.1 reads the key ``on`` as True."""
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return workflow


@pytest.fixture(name="workflow", params=WORKFLOWS, ids=lambda path: path.stem)
def _workflow(request: pytest.FixtureRequest) -> dict[Any, Any]:
    return load(request.param)


def test_no_right_by_default(workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert set(job["permissions"]) <= {"contents", "id-token", "attestations"}, name
        assert job["permissions"]["contents"] == "read"


def test_every_job_ends(workflow: dict[Any, Any]) -> None:
    assert all("timeout-minutes" in job or "uses" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"uses: (\S+)( # v[\d.]+)?", path.read_text(encoding="utf-8"))
    for action, version in used:
        own = action.startswith("$/.github/")
        assert own or (re.search(r"@[0-9a-f]{40}$", action) and version), action


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_no_stored_key(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text and "AWS_ACCESS_KEY" not in text


def test_a_pull_request_never_deploys() -> None:
    for path in WORKFLOWS:
        workflow = load(path)
        if "pull_request" not in workflow[True]:
            continue
        for name, job in workflow["jobs"].items():
            if "id-token" in job["permissions"]:
                assert name == "plan" and job["environment"] == "stg-plan"
                assert "head.repo.full_name == github.repository" in job["if"]
        assert "terraform apply" not in path.read_text(encoding="utf-8")
    assert not any("pull_request_target" in load(path)[True] for path in WORKFLOWS)


def test_production_follows_staging() -> None:
    jobs = load(REPOSITORY / ".github" / "workflows" / "cd.yaml")["jobs"]
    assert jobs["staging"]["needs"] == "build" and jobs["production"]["needs"] == "staging"
    assert jobs["staging"]["uses"] == jobs["production"]["uses"]
    assert jobs["production"]["if"] == "startsWith(github.ref, 'refs/tags/v')"


def test_the_deployment_applies_the_saved_plan_and_can_go_back() -> None:
    steps = load(REPOSITORY / ".github" / "workflows" / "deploy.yaml")["jobs"]["deploy"]["steps"]
    names = [step.get("name", step.get("uses")) for step in steps]
    order = ["Remember what serves now", "Push the images by digest", "Plan"]
    order += ["Apply the saved plan", "Put one student through"]
    assert [name for name in names if name in order] == order
    assert "failure()" in steps[-1]["if"] and "deploy smoke" in steps[-1]["run"]
    script = (REPOSITORY / ".github" / "scripts" / "deploy").read_text(encoding="utf-8")
    assert "tf apply -no-color plan.bin" in script


def test_the_smoke_test_sends_a_file_that_is_there() -> None:
    script = (REPOSITORY / ".github" / "scripts" / "deploy").read_text(encoding="utf-8")
    sent = re.search(r"put-record (\S+) --wait", script)
    assert sent and (REPOSITORY / sent[1]).is_file()
