"""docker-compose.yaml and the images: the same names as elsewhere, loopback only, pinned, healthy, not root."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from typing import Any

import pytest

from localcloud.configuration import load
from localcloud.provision import names
from tests.infrastructure.support.plans import LINT_PYTHON, REPOSITORY

STAND_IN = "lambda_host"
LAMBDA_BASE = "public.ecr.aws/lambda/python:3.12"
ONE_SHOT = {"migrate"}
DOCKERFILES = sorted(
    path
    for folder in ("inference", "monitoring", "orchestrator", "localcloud")
    for path in (REPOSITORY / folder).rglob("Dockerfile")
)


@cache
def services() -> dict[str, Any]:
    """Return every service as Compose resolves it."""
    compose = LINT_PYTHON.with_name("docker-compose")
    if not compose.exists():
        pytest.skip("no .venv-lint (make setup-lint makes it): Compose comes from there")
    done = subprocess.run(
        [str(compose), "--profile", "all", "config", "--format", "json"],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    resolved: dict[str, Any] = json.loads(done.stdout)["services"]
    return resolved


@pytest.mark.parametrize("service", ["lambda", "web", "mage", "monitoring"])
def test_names_are_those_of_the_variables(service: str) -> None:
    environment = services()[service]["environment"]
    expected = names(load())
    shared = set(expected) & set(environment)
    assert {"MODEL_BUCKET", "STUDENTS_STREAM_NAME", "PREDICTIONS_STREAM_NAME"} <= shared
    assert {key: environment[key] for key in shared} == {key: expected[key] for key in shared}


def test_lambda_has_the_functions_limits() -> None:
    configuration = load()
    function = services()["lambda"]
    environment = function["environment"]
    assert environment["AWS_LAMBDA_FUNCTION_TIMEOUT"] == str(configuration.function_timeout_seconds)
    assert int(function["mem_limit"]) == configuration.function_memory_mb * 1024 * 1024


def test_every_port_is_on_loopback() -> None:
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert published and {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_images_are_built_here_or_pinned_by_digest() -> None:
    foreign = {
        name: service["image"] for name, service in services().items() if "build" not in service
    }
    assert foreign and all("@sha256:" in image for image in foreign.values()), foreign


def test_what_runs_for_ever_has_a_health_check() -> None:
    for name, service in services().items():
        if name in ONE_SHOT:
            assert service["restart"] == "no"
        elif "healthcheck" not in service:
            dockerfile = REPOSITORY / service["build"]["dockerfile"]
            assert "HEALTHCHECK" in dockerfile.read_text(encoding="utf-8"), name


def test_nobody_starts_before_what_he_needs() -> None:
    for service in services().values():
        for needed, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how["condition"] == wanted


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_images_are_pinned_hashed_and_not_root(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    base = re.search(r"^ARG BASE_IMAGE=(\S+)$", text, re.MULTILINE)
    assert base
    if base[1] == LAMBDA_BASE:
        # AWS patches this tag often; the cd workflow resolves it and builds on the digest it found.
        workflow = (REPOSITORY / ".github" / "workflows" / "cd.yaml").read_text(encoding="utf-8")
        assert f"docker://{LAMBDA_BASE}" in workflow
    else:
        assert re.search(r"@sha256:[0-9a-f]{64}$", base[1])
    if "pip install" in text:
        assert "--require-hashes" in text
    users = re.findall(r"^USER (\S+)$", text, re.MULTILINE)
    if path.parent.name == STAND_IN:
        # A base like AWS's: the image built on it says who runs it.
        assert not users
        return
    assert users and users[-1] not in ("root", "0")
