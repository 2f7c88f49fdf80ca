"""The stack in Docker: its ports, and the variables that the other commands find it by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from localcloud import control
from localcloud.configuration import REPOSITORY, load
from localcloud.docker import compose
from localcloud.errors import ConfigurationError, LocalCloudError
from localcloud.state_file import read_variables, write_variables


def test_a_taken_port_is_named_with_the_variable_that_moves_it() -> None:
    """GIVEN something on 5432 WHEN asked THEN the line names port and variable; ours are no clash."""
    chosen = compose.ports({})

    def free(port: int) -> bool:
        return port not in {5432, 5000}

    (line,) = compose.taken(chosen, {5000}, free)
    assert line.startswith("port 5432 is taken") and "POSTGRES_PORT=" in line


@pytest.mark.parametrize("text", ["0", "65536", "-1", "many", "٣"])
def test_a_variable_that_is_no_port_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="WEB_PORT"):
        compose.ports({"WEB_PORT": text})


def test_every_port_of_the_file_can_be_moved() -> None:
    """GIVEN the file THEN it publishes each port by its variable, with the same usual one."""
    text = (REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8")
    for name, usual in compose.PORTS.items():
        assert f"127.0.0.1:${{{name}:-{usual}}}:" in text
    assert text.count('["127.0.0.1:$') == len(compose.PORTS)


def test_ports_our_containers_publish() -> None:
    listing = json.dumps({"Publishers": [{"PublishedPort": 4566}, {"PublishedPort": 0}]}).encode()
    other = json.dumps({"Publishers": None}).encode()
    assert compose.published(listing + b"\n" + other + b"\n") == {4566}


def test_a_stack_in_docker_is_not_overlooked(tmp_path: Path) -> None:
    """GIVEN the variables of a stack in Docker WHEN `make up` or `make down` comes THEN the first
    refuses by name and the second leaves them."""
    write_variables(tmp_path, compose.variables(load(), compose.ports({}), "http://queue"))
    with pytest.raises(LocalCloudError, match="compose-down"):
        control.up(tmp_path, [], print)
    assert not control.down(tmp_path)
    known = read_variables(tmp_path) or {}
    assert known["FAILURE_QUEUE_URL"] == "http://queue" and compose.ours(tmp_path)
    # What `make redrive` invokes is the image, not LocalStack.
    assert known["AWS_ENDPOINT_URL_LAMBDA"] == f"http://127.0.0.1:{compose.PORTS['LAMBDA_PORT']}"
