"""The same stack in Docker: ``python -m localcloud.docker.compose up`` and ``down`` (docker-compose.yaml).

Writes the variables by which the other commands of this machine find what runs there, and says
what to do next.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from localcloud.configuration import DEFAULT_STATE, REPOSITORY, Configuration, load
from localcloud.errors import ConfigurationError, LocalCloudError
from localcloud.lock import is_held
from localcloud.ports import LOOPBACK, is_free
from localcloud.private import make_state
from localcloud.provision import client, names
from localcloud.state_file import clear, read_variables, write_variables

PORTS = {
    "LOCALSTACK_PORT": 4566,
    "LAMBDA_PORT": 9000,
    "WEB_PORT": 8080,
    "POSTGRES_PORT": 5432,
    "MLFLOW_PORT": 5000,
    "MAGE_PORT": 6789,
    "GRAFANA_PORT": 3000,
}
"""The variable that moves a published port, and where it is without one."""

MARK = "COMPOSE_PROJECT_NAME"
COMMAND = ("docker", "compose", "--profile", "all")

NEXT = """
  Mage      {MAGE_URL}
  MLflow    {MLFLOW_TRACKING_URI}
  web       {WEB_URL}
  Grafana   {DASHBOARD_URL}  (admin, local-only)

Next:
  make train         train in Mage's project, pass the gate, publish the champion
  make put-record    one student in, the prediction back
  make monitor       what monitoring knows"""


def ports(environment: Mapping[str, str]) -> dict[str, int]:
    """Return each published port; raises ConfigurationError naming the variable that is no port."""
    chosen = {}
    for name, usual in PORTS.items():
        text = environment.get(name) or str(usual)
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
            raise ConfigurationError(f"{name} must be a port, 1 to 65535")
        chosen[name] = int(text)
    return chosen


def taken(
    chosen: Mapping[str, int], own: set[int], free: Callable[[int], bool] = is_free
) -> list[str]:
    """Return a line for each port that something else listens on; ``own`` are our containers'."""
    return [
        f"port {port} is taken; free it, or move ours: {name}={_beside(port)} make compose-up"
        for name, port in chosen.items()
        if port not in own and not free(port)
    ]


def _beside(port: int) -> int:
    return next(other for other in range(port + 1, port + 200) if is_free(other))


def variables(
    configuration: Configuration, chosen: Mapping[str, int], queue: str
) -> dict[str, str]:
    """Return what `.local/env` says of a stack in Docker, as this machine reaches it."""
    address = {
        name.removesuffix("_PORT"): f"http://{LOOPBACK}:{port}" for name, port in chosen.items()
    }
    database = "student_performance:local-only"
    return {
        MARK: "student-performance",
        "AWS_ENDPOINT_URL": address["LOCALSTACK"],
        "AWS_ENDPOINT_URL_LAMBDA": address["LAMBDA"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **names(configuration),
        "FAILURE_QUEUE_URL": queue,
        "DATABASE_URL": f"postgresql://{database}@{LOOPBACK}:{chosen['POSTGRES_PORT']}/student_performance",
        "MLFLOW_TRACKING_URI": address["MLFLOW"],
        "MLFLOW_S3_ENDPOINT_URL": address["LOCALSTACK"],
        "MAGE_URL": address["MAGE"],
        "WEB_URL": address["WEB"],
        "DASHBOARD_URL": f"{address['GRAFANA']}/d/student-performance-model",
    }


def ours(state: Path) -> bool:
    """Tell whether the variables in ``state`` are those of a stack in Docker."""
    return MARK in (read_variables(state) or {})


def published(listing: bytes) -> set[int]:
    """Return the ports our own containers publish, from ``docker compose ps --format json``."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    containers = [decoder.decode(line) for line in listing.splitlines() if line.startswith(b"{")]
    return {
        port["PublishedPort"]
        for container in containers
        for port in container.get("Publishers") or ()
        if port["PublishedPort"]
    }


def up(state: Path) -> None:
    """Build and start everything, wait until it is healthy, write the variables, say what is next."""
    if is_held(state):
        raise LocalCloudError("`make up` runs here; `make down` stops it first")
    chosen = ports(os.environ)
    listing = _docker("ps", "--format", "json", output=subprocess.PIPE).stdout
    if lines := taken(chosen, published(listing)):
        raise LocalCloudError("\n".join(lines))
    _docker("up", "--build", "--detach", "--wait", "--wait-timeout", "900")
    configuration = load()
    known = variables(configuration, chosen, "")
    sqs = client("sqs", known)
    queue = str(sqs.get_queue_url(QueueName=configuration.failure_queue_name)["QueueUrl"])
    make_state(state)
    write_variables(state, variables(configuration, chosen, queue))
    print(NEXT.format_map(known))


def status() -> str:
    """Return Docker's own table of what runs."""
    return _docker("ps", output=subprocess.PIPE).stdout.decode().rstrip()


def down(state: Path) -> None:
    """Stop it; the volumes are kept."""
    _docker("down")
    if ours(state) and not is_held(state):
        clear(state)


def _docker(*arguments: str, output: int | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run([*COMMAND, *arguments], cwd=REPOSITORY, stdout=output, check=True)
    except FileNotFoundError:
        raise LocalCloudError("there is no docker here; `make up` needs none") from None
    except subprocess.CalledProcessError as error:
        raise LocalCloudError(
            f"docker compose {arguments[0]} ended with {error.returncode}"
        ) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``up`` or ``down``; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m localcloud.docker.compose", description=__doc__
    )
    parser.add_argument("command", choices=("up", "down"))
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE)
    options = parser.parse_args(arguments)
    state: Path = options.state.resolve()
    try:
        (up if options.command == "up" else down)(state)
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
