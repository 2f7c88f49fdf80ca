"""Services for the integration tests: started by the run on free loopback ports, stopped with it.

AWS_ENDPOINT_URL (``make integration-test ENDPOINT=...``) names an AWS endpoint to use instead of
the emulator (see ``tests/localcloud/support/endpoint.py``); DATABASE_URL a Postgres. What is slow to start
(MLflow, Mage) starts when a test first asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localcloud.stack import Options, Stack
from tests.localcloud.support import container
from tests.localcloud.support.cleaning import discard
from tests.localcloud.support.deployment import Deployment, write_variables
from tests.localcloud.support.endpoint import (  # pylint: disable=unused-import  # pytest calls the hooks
    GIVEN,
    met,
    pytest_collection_modifyitems,
    pytest_sessionfinish,
)


@pytest.fixture(scope="session", name="local_stack")
def local_stack_fixture(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A provisioned AWS endpoint in a stack that more services can be added to."""
    folder = tmp_path_factory.mktemp("stack")
    options = Options(write_variables(folder), endpoint=GIVEN)
    with Stack(folder / "state", services=(), options=options) as stack:
        met(pytestconfig, stack.environment["AWS_ENDPOINT_URL"])
        yield stack
        discard(stack.configuration, stack.environment)


@pytest.fixture(scope="session", name="aws")
def aws_fixture(local_stack: Stack) -> dict[str, str]:
    """The variables by which an SDK finds the AWS endpoint."""
    keys = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {key: local_stack.environment[key] for key in keys}


@pytest.fixture(scope="session", name="local_postgres")
def local_postgres_fixture(local_stack: Stack) -> str:
    """The address of a Postgres database."""
    local_stack.add("postgres")
    return local_stack.environment["DATABASE_URL"]


@pytest.fixture(scope="session", name="local_mlflow")
def local_mlflow_fixture(local_stack: Stack) -> str:
    """The address of an MLflow server with its artifacts in S3."""
    local_stack.add("mlflow")
    return local_stack.environment["MLFLOW_TRACKING_URI"]


@pytest.fixture(scope="session", name="local_mage")
def local_mage_fixture(local_stack: Stack, local_mlflow: str) -> str:
    """The address of a Mage server that logs to ``local_mlflow``."""
    assert local_mlflow
    local_stack.add("mage")
    return local_stack.environment["MAGE_URL"]


@pytest.fixture(name="deploy")
def deploy_fixture(aws: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Deployment]]:
    """Make deployments of a function on streams of their own; stopped at the end of the test."""
    made: list[Deployment] = []

    def deploy(handler: str | None = None, **changes: object) -> Deployment:
        folder = tmp_path / f"deployment-{len(made)}"
        folder.mkdir()
        made.append(Deployment(aws, folder, handler, **changes))
        return made[-1]

    yield deploy
    for deployment in made:
        deployment.remove()


@pytest.fixture(scope="session", name="image")
def image_fixture() -> container.Image:
    """The serving image, built by the run where this machine can build one."""
    try:
        built = container.build()
    except container.ImageMissing as missing:
        pytest.skip(f"no image of the function: {missing}")
    return built


@pytest.fixture(name="target", params=["process", "image"])
def target_fixture(request: pytest.FixtureRequest) -> container.Image | None:
    """What runs the function: a plain process (None), or the built image."""
    if request.param == "process":
        return None
    image: container.Image = request.getfixturevalue("image")
    return image


@pytest.fixture(name="serve")
def serve_fixture(
    deploy: Callable[..., Deployment], target: container.Image | None
) -> Iterator[Callable[..., Deployment]]:
    """Make deployments of the project's own function, once as a process and once as the image."""
    running: list[container.Container] = []

    def serve(**changes: object) -> Deployment:
        deployment = deploy(**changes)
        if target is not None:
            log = deployment.logs / "function.log"
            running.append(container.Container(target, deployment.variables, log))
            deployment.function_url = running[-1].url
        return deployment

    yield serve
    for each in running:
        each.stop()
