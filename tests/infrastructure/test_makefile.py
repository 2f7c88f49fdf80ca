"""What the Makefile's targets say and set, without running what they start."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NEEDED = {
    "put-record": "STUDENTS_STREAM_NAME",
    "predictions": "PREDICTIONS_STREAM_NAME",
    "stream": "STUDENTS_STREAM_NAME",
    "redrive": "FAILURE_QUEUE_URL",
    "labels": "DATABASE_URL",
    "monitor": "DATABASE_URL",
    "monitor-report": "DATABASE_URL",
    "forget": "DATABASE_URL",
    "export": "DATABASE_URL",
    "web": "MODEL_BUCKET",
    "rollback": "MODEL_LOCATION",
}


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """A directory of the Makefile and of programs that print their arguments and settings."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    for environment in (".venv", ".venv-orchestrator"):
        program = tmp_path / environment / "bin" / "python"
        program.parent.mkdir(parents=True)
        program.write_text('#!/bin/sh\necho "$@"\necho "$NO_PROXY $no_proxy"\n', encoding="utf-8")
        program.chmod(0o755)
    return tmp_path


def make(tree: Path, target: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one target as if the environments were ready."""
    return subprocess.run(
        ["make", "--no-print-directory", "-o", "setup", target],
        cwd=tree,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("target", "variable"), NEEDED.items())
def test_without_a_stack_a_target_says_so(tree: Path, target: str, variable: str) -> None:
    """Neither a local stack nor the variable of one elsewhere: one line, and nothing starts."""
    refused = make(tree, target)
    assert refused.returncode and not refused.stdout
    assert refused.stderr.splitlines()[0] == "nothing runs here: make up"
    assert not (tree / ".local").exists()
    assert make(tree, target, **{variable: "elsewhere"}).returncode == 0
    (tree / ".local").mkdir(exist_ok=True)
    (tree / ".local" / "env").write_text(f"{variable}=here\n", encoding="utf-8")
    assert make(tree, target).returncode == 0


def test_a_student_is_forgotten_only_when_told_twice(tree: Path) -> None:
    """A dry run without YES=1; the student's id is no argument that other users could read."""
    asked = make(tree, "forget", DATABASE_URL="here", STUDENT="canary")
    assert asked.stdout.startswith("-m monitoring forget\n")
    told = make(tree, "forget", DATABASE_URL="here", STUDENT="canary", YES="1")
    assert told.stdout.startswith("-m monitoring forget --yes\n")
    assert "canary" not in asked.stdout + told.stdout


def test_answers_stay_out_of_the_repository(tree: Path) -> None:
    """The client chooses where, unless told; git ignores where and what it chooses."""
    started = make(tree, "stream", STUDENTS_STREAM_NAME="students", CSV="a b.csv")
    assert started.stdout.splitlines()[0].split("stream ", 1)[1].strip() == "a b.csv"
    named = make(tree, "stream", STUDENTS_STREAM_NAME="students", CSV="s.csv", OUT="o.csv")
    assert "s.csv --output o.csv" in named.stdout
    ignored = ["git", "check-ignore", "--quiet"]
    for name in (".local/x", "students.predictions.csv"):
        assert subprocess.run([*ignored, name], cwd=REPOSITORY, check=False).returncode == 0


@pytest.mark.parametrize(
    ("variables", "direct"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "a.example"}, "a.example,127.0.0.1,localhost"),
        ({"no_proxy": "b.example"}, "b.example,127.0.0.1,localhost"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_a_proxy_never_sees_loopback(tree: Path, variables: dict[str, str], direct: str) -> None:
    """Both spellings say the same, and keep what the user excepts."""
    said = make(tree, "monitor", DATABASE_URL="here", HTTP_PROXY="http://127.0.0.1:9", **variables)
    assert said.stdout.splitlines()[1] == f"{direct} {direct}"


def test_a_promotion_names_both_environments(tree: Path) -> None:
    """It asks no running stack: local is one of the environments."""
    done = make(tree, "promote", FROM="local", TO="stg", VERSION="3", TO_PROFILE="school")
    command = "-m orchestrator.promote --from local --to stg --version 3"
    assert (
        done.stdout.splitlines()[0].split()
        == f"{command} --from-profile --to-profile school".split()
    )
