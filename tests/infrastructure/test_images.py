"""What images copy reaches their build, and nothing else does."""

from __future__ import annotations

import re
import shlex
import subprocess
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
import yaml

from infrastructure.tools.release.target import DOCKERFILES as RELEASED
from tests.infrastructure.support.plans import REPOSITORY


@cache
def tree() -> tuple[str, ...]:
    """Return the files git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=REPOSITORY, text=True, capture_output=True, check=True)
    return tuple(path for path in done.stdout.splitlines() if (REPOSITORY / path).is_file())


DOCKERFILES = [path for path in tree() if Path(path).name == "Dockerfile"]


def copied(dockerfile: str) -> list[str]:
    """Return the sources in the repository that a Dockerfile copies."""
    text = (REPOSITORY / dockerfile).read_text(encoding="utf-8").replace("\\\n", " ")
    words = [shlex.split(line) for line in re.findall(r"^(?:COPY|ADD) (.+)$", text, re.MULTILINE)]
    lines = [line for line in words if not line[0].startswith("--from")]
    return [word for line in lines for word in line[:-1] if not word.startswith("--")]


def matches(path: str, pattern: str) -> bool:
    """Whether .dockerignore's pattern names this path (``**/`` for any folder) or a folder above it."""
    parents = [str(parent) for parent in Path(path).parents if str(parent) != "."]
    patterns = [pattern, pattern.replace("**/", "")] if "**/" in pattern else [pattern]
    return any(fnmatchcase(name, one) for name in [path, *parents] for one in patterns)


def ignored(path: str, rules: list[str]) -> bool:
    """Whether a file stays out of the build: the last rule that names it decides."""
    answer = False
    for rule in rules:
        if matches(path, rule.removeprefix("!").rstrip("/")):
            answer = not rule.startswith("!")
    return answer


def dockerignore() -> list[str]:
    """Return the rules of .dockerignore."""
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def files_of(source: str) -> list[str]:
    """Return the files of a COPY's source that reach a build."""
    named = [path for path in tree() if path == source or path.startswith(source.rstrip("/") + "/")]
    return [path for path in named if not ignored(path, dockerignore())]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_what_is_copied_is_there_and_not_ignored(dockerfile: str) -> None:
    for source in copied(dockerfile):
        assert (REPOSITORY / source).exists(), source
        assert files_of(source), f"{source}: .dockerignore keeps it from the build"


def test_nothing_else_reaches_a_build() -> None:
    """A line of .dockerignore for what no image copies is a leftover."""
    sources = {source for dockerfile in DOCKERFILES for source in copied(dockerfile)}
    needed = {path for source in sources for path in files_of(source)}
    surplus = {path for path in tree() if not ignored(path, dockerignore())} - needed
    assert surplus == set()


def test_secrets_and_state_stay_out() -> None:
    for path in (".git/config", ".local/env", ".venv/bin/python", "data/students.csv"):
        assert ignored(path, dockerignore()), path
    assert ignored("orchestrator/student_performance/mage_data/x/secret", dockerignore())
    assert ignored("inference/__pycache__/handler.pyc", dockerignore())


def test_every_dockerfile_is_updated_and_the_deployed_ones_are_built() -> None:
    """Dependabot, Compose and the release name the Dockerfiles where they are."""
    dependabot = yaml.safe_load((REPOSITORY / ".github" / "dependabot.yaml").read_text("utf-8"))
    updated = {
        folder.strip("/")
        for entry in dependabot["updates"]
        if entry["package-ecosystem"] == "docker"
        for folder in entry["directories"]
    }
    assert updated == {str(Path(path).parent) for path in DOCKERFILES}
    compose = (REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8")
    built = set(re.findall(r"dockerfile: (\S+)", compose))
    deployed = set(RELEASED.values())
    assert built | deployed <= set(DOCKERFILES)
    # The stand-in for AWS's base is built by .ci/image alone.
    assert set(DOCKERFILES) - built == {"localcloud/lambda_host/Dockerfile"}
    assert built - deployed == {"localcloud/Dockerfile"}
