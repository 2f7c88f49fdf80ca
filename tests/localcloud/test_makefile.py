"""What `make` would run, for what a user gives it."""

import os
import subprocess

import pytest

from localcloud.configuration import REPOSITORY

PROJECT, TRAINING = ".venv/bin/python -m pytest", ".venv-orchestrator/bin/python -m pytest"


def dry(*arguments: str) -> list[str]:
    """Return the commands of a dry run, without setup's."""
    command = ["make", "--dry-run", "--old-file=setup", "--old-file=setup-lint", *arguments]
    # `make test` runs this test; what it hands down makes an inner make say where it is.
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    done = subprocess.run(
        command, cwd=REPOSITORY, env=own, capture_output=True, text=True, check=True
    )
    joined = done.stdout.replace("\\\n", " ")
    return [" ".join(line.split()) for line in joined.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("-x", [f"{PROJECT} tests --ignore tests/orchestrator -x",
                f"{TRAINING} tests/orchestrator -x", f"{PROJECT} integration-tests -x"]),
        ("-k monitoring", [f"{PROJECT} tests --ignore tests/orchestrator -k monitoring",
                           f"{TRAINING} tests/orchestrator -k monitoring",
                           f"{PROJECT} integration-tests -k monitoring"]),
        ("tests/inference", [f"{PROJECT} tests/inference"]),
        ("tests/orchestrator/data -x", [f"{TRAINING} tests/orchestrator/data -x"]),
        ("-x integration-tests/test_x.py::test_y",
         [f"{PROJECT} -x integration-tests/test_x.py::test_y"]),
    ],
)  # fmt: skip
def test_a_path_among_the_arguments_is_all_that_is_run(given: str, expected: list[str]) -> None:
    assert dry("test", f"PYTEST_ARGS={given}") == expected


@pytest.mark.parametrize("target", ["up", "run", "train"])
def test_an_endpoint_is_passed_on(target: str) -> None:
    """GIVEN ENDPOINT WHEN services are started THEN they are told; without it they are not."""
    local = ".venv/bin/python -m localcloud"
    assert dry(target, "ENDPOINT=http://x:1") == [f'{local} --endpoint "http://x:1" {target}']
    assert dry(target, "ENDPOINT=") == [f"{local} {target}"]


def test_the_soak_is_told_what_is_given() -> None:
    local = ".venv/bin/python -m localcloud"
    assert dry("soak", "ENDPOINT=") == [f"{local} soak"]
    assert dry("soak", "DURATION=60", "SEED=7", "ENDPOINT=http://x:1") == [
        f'{local} --endpoint "http://x:1" soak --duration "60" --seed "7"'
    ]


def test_localstack_test_runs_the_aws_tests_or_the_path() -> None:
    run = ".venv/bin/python -m localcloud.services.localstack run"
    assert dry("localstack-test", "ENDPOINT=") == [f"{run} -- {PROJECT} -m aws integration-tests"]
    path = "integration-tests/test_x.py"
    assert dry("localstack-test", "ENDPOINT=http://x:1", f"PYTEST_ARGS={path}") == [
        f'{run} --endpoint "http://x:1" -- {PROJECT} -m aws {path}'
    ]
