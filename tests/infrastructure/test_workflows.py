"""The workflows: no standing rights, no key, no moving action, no deployment from a pull request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infrastructure.tools.release import __main__ as release
from infrastructure.tools.release.smoke import SAMPLE
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


def named(name: str) -> dict[Any, Any]:
    """Return the workflow of this name."""
    return load(REPOSITORY / ".github" / "workflows" / f"{name}.yaml")


def test_production_follows_staging() -> None:
    jobs = named("cd")["jobs"]
    assert jobs["staging"]["needs"] == ["find", "build"]
    assert jobs["production"]["needs"] == "staging"
    assert jobs["staging"]["uses"] == jobs["production"]["uses"]
    condition = jobs["production"]["if"]
    assert "startsWith(github.ref, 'refs/tags/v')" in condition
    assert "needs.staging.outputs.proven == 'true'" in condition


def test_production_promotes_what_staging_hands_over() -> None:
    staging, production = (named("cd")["jobs"][name]["with"] for name in ("staging", "production"))
    assert "refs/tags/v" in staging["hand-over"] and "hand-over" not in production
    steps = named("deploy")["jobs"]["deploy"]["steps"]
    assert production["images"] == steps[-1]["with"]["name"]
    assert steps[-1]["if"] == steps[-2]["if"] == "inputs.hand-over"


def test_the_workflow_calls_what_was_rehearsed() -> None:
    steps = [
        step["run"]
        for name in ("cd", "deploy", "ci")
        for job in named(name)["jobs"].values()
        for step in job.get("steps", [])
        if "tools.release" in step.get("run", "")
    ]
    called = [re.findall(r"tools\.release (\w+)", step)[0] for step in steps]
    assert sorted(called) == ["deploy", "fetch", "find", "serving"]
    for command in called:
        assert re.search(rf"^    {command} ", str(release.__doc__), re.MULTILINE)
    assert not any("terraform apply" in path.read_text(encoding="utf-8") for path in TEXTS)


def test_what_waits_is_never_cancelled() -> None:
    """A pending merge must not take a release's place, nor an approval hold up staging."""
    assert "concurrency" not in named("cd")
    concurrency = named("deploy")["jobs"]["deploy"]["concurrency"]
    assert concurrency["cancel-in-progress"] is False and concurrency["queue"] == "max"
    assert concurrency["group"] == "deploy-${{ inputs.environment }}"


def test_a_jobs_condition_asks_for_the_repositorys_variables_only() -> None:
    """GitHub reads an environment's variables after the condition, which would never be true."""
    guide = (REPOSITORY / "docs" / "first-day.md").read_text(encoding="utf-8")
    documented = re.findall(r"^gh variable set (\w+) --body", guide, re.MULTILINE)
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            asked = set(re.findall(r"vars\.(\w+)", str(job.get("if", ""))))
            assert asked <= set(documented), f"{path.stem}: {name}"


def test_an_owner_of_staging_alone_has_no_schedule_for_production() -> None:
    job = named("retrain")["jobs"]["retrain"]
    assert "(inputs.environment || vars.RETRAIN_ENVIRONMENT) != ''" in job["if"]
    assert "prod" not in str(job)


def test_images_are_built_on_the_architecture_they_run_on() -> None:
    build = named("cd")["jobs"]["build"]
    platform = next(
        s["with"]["platforms"] for s in build["steps"] if "platforms" in s.get("with", {})
    )
    assert build["runs-on"] == "ubuntu-24.04-arm" and platform == "linux/arm64"
    assert build["runs-on"] in named("ci")["jobs"]["images"]["strategy"]["matrix"]["runner"]
    for environment in ("stg", "prod"):
        settings = REPOSITORY / "infrastructure" / "vars" / f"{environment}.tfvars.json"
        assert json.loads(settings.read_text("utf-8"))["function_architecture"] == "arm64"


def test_a_build_carries_the_time_of_its_commit() -> None:
    step = next(
        s for s in named("cd")["jobs"]["build"]["steps"] if "platforms" in str(s.get("with"))
    )
    assert step["env"]["SOURCE_DATE_EPOCH"] == "${{ steps.time.outputs.epoch }}"
    assert step["with"]["outputs"].endswith("rewrite-timestamp=true")


def test_the_smoke_test_sends_a_file_that_is_there() -> None:
    assert SAMPLE.is_file()
