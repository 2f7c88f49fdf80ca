"""docs/first-day.md and the release tool, with the real AWS command line.

GIVEN an emulator with what Terraform makes first: buckets, registries, the empty secret
WHEN the guide's blocks marked ``emulator`` are run as they stand, one after the other
THEN each succeeds, and the release tool understands what AWS's command line answers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.tools.release import deployment, preflight, record, smoke
from infrastructure.tools.release.errors import NoAnswerError, PreflightError
from infrastructure.tools.release.target import DOCKERFILES, Target, load
from localcloud.services.emulator import Emulator
from tests.infrastructure.support.plans import LINT_PYTHON, REPOSITORY, run_plan
from tests.localcloud.support.deployment import Deployment

GUIDE = (REPOSITORY / "docs" / "first-day.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash emulator\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
COMMIT = "c" * 40
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "size": 2,
    },
    "layers": [],
}


@pytest.fixture(name="account", scope="module")
def _account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of an account after the guide's first apply."""
    services = "s3,sts,ecr,secretsmanager,lambda"
    with Emulator(tmp_path_factory.mktemp("account"), services=services) as emulator:
        path = f"{REPOSITORY / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        account = {**os.environ, **emulator.environment(), "PATH": path}
        for bucket in ("state", "models"):
            call(account, "s3api", "create-bucket", "--bucket", f"student-performance-stg-{bucket}")
        call(
            account, "secretsmanager", "create-secret", "--name", "student-performance-stg-operator"
        )
        yield account


@pytest.fixture(name="staging")
def _staging(account: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Target:
    """Staging, with the emulator's variables in force."""
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ENVIRONMENT", "stg")
    monkeypatch.setenv("GITHUB_SHA", COMMIT)
    monkeypatch.setenv("GITHUB_REPOSITORY", "school/student-performance")
    return load()


def call(account: dict[str, str], *words: str) -> None:
    """Call AWS's command line."""
    subprocess.run(["aws", *words], env=account, check=True, capture_output=True)


def test_the_guides_commands_run(account: dict[str, str]) -> None:
    assert len(BLOCKS) == 4
    script = "set -euo pipefail\n" + "\necho ---\n".join(BLOCKS)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=REPOSITORY,
        env=account,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    quota, stages, missing, serving = done.stdout.split("---")
    assert int(quota) > 0 and json.loads(stages) == ["AWSCURRENT"]
    assert len(json.loads(missing.partition("=")[2])) == len(DOCKERFILES)
    assert json.loads(serving) == {}


def test_an_image_that_is_there_is_not_built_again(
    account: dict[str, str], staging: Target
) -> None:
    repository = "student-performance-stg/inference"
    call(account, "ecr", "create-repository", "--repository-name", repository)
    assert deployment.missing(staging) == list(DOCKERFILES)
    words = ["--repository-name", repository, "--image-manifest", json.dumps(MANIFEST)]
    call(account, "ecr", "put-image", *words, "--image-tag", COMMIT)
    assert deployment.missing(staging) == [name for name in DOCKERFILES if name != "inference"]


def test_what_was_proven_is_read_back(staging: Target) -> None:
    assert record.read(staging) is None
    record.write(staging, {"inference": "sha256:1"})
    assert record.read(staging) == record.Serving(COMMIT, {"inference": "sha256:1"})


def test_no_champion_yet_is_told_from_one_that_is_there(
    account: dict[str, str], staging: Target, tmp_path: Path
) -> None:
    assert not smoke.has_champion(staging)
    pointer = tmp_path / "champion.json"
    pointer.write_text("{}", encoding="utf-8")
    words = ["--bucket", "student-performance-stg-models", "--body", str(pointer)]
    call(
        account, "s3api", "put-object", *words, "--key", "models/student-performance/champion.json"
    )
    assert smoke.has_champion(staging)


@pytest.mark.skipif(not LINT_PYTHON.exists(), reason="no .venv-lint: Terraform comes from there")
def test_the_account_is_asked_before_the_apply(staging: Target) -> None:
    plan = run_plan(
        str(REPOSITORY / "infrastructure/vars/stg.tfvars.json"),
        "--var=function_reserved_concurrency=1",
        "--var=enable_training=true",
        "--var=image_digests={%s}"
        % ", ".join(f'"{name}": "sha256:{"0" * 64}"' for name in DOCKERFILES),
    )
    assert preflight.reserved(plan, "after") >= 1
    assert not preflight.check(plan, staging)
    services = preflight.administrators(plan)
    assert any("aws_ecs_service" in address for address in services)
    with pytest.raises(PreflightError, match="holds no passwords"):
        preflight.check(plan, staging._replace(environment="other"))


@pytest.mark.skipif(not LINT_PYTHON.exists(), reason="no .venv-lint: Terraform comes from there")
def test_the_roles_are_planned_with_the_guides_variables() -> None:
    command = re.search(r"bootstrap apply (.*?)```", GUIDE, re.DOTALL)
    assert command
    given = re.findall(r"-var (\S+)", command[1])
    plan = run_plan(
        f"--root={REPOSITORY / 'infrastructure/bootstrap'}",
        *(f"--var={variable}" for variable in given),
    )
    roles = {
        change["change"]["after"]["name"]
        for change in plan["resource_changes"]
        if change["type"] == "aws_iam_role"
    }
    named = set(re.findall(r"\$role/([\w-]+)", GUIDE))
    assert named == roles


def test_the_guide_sets_what_the_workflows_read() -> None:
    read: set[Any] = set()
    for path in (REPOSITORY / ".github" / "workflows").glob("*.yaml"):
        read |= set(re.findall(r"\bvars\.(\w+)", path.read_text(encoding="utf-8")))
    assert set(re.findall(r"gh variable set (\w+)", GUIDE)) == read


def test_one_student_proves_the_service(
    deploy: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a running function WHEN no champion, then one, is published
    THEN the smoke test tells the two apart, and an answer from no answer."""
    function = deploy()
    for name, value in function.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{REPOSITORY / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    names = {
        "model_bucket_name": function.variables["MODEL_BUCKET"],
        "model_name": function.variables["MODEL_NAME"],
        "students_stream_name": function.variables["STUDENTS_STREAM_NAME"],
        "predictions_stream_name": function.variables["PREDICTIONS_STREAM_NAME"],
    }
    target = Target("stg", names, "state", COMMIT, "school/student-performance")
    with function:
        assert not smoke.has_champion(target)
        with monkeypatch.context() as hurry:
            hurry.setattr(smoke, "WAIT_SECONDS", 2)
            with pytest.raises(NoAnswerError, match="no answer within"):
                smoke.put_one(target)
        function.publish()
        assert smoke.has_champion(target)
        smoke.put_one(target)
