"""A rotated database password: the health checks fail with the old one and pass with the new one."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg2
import pytest

from localcloud.services.postgres import find_binaries, unprivileged_user

TRAINING = Path(__file__).parents[1] / "infrastructure" / "modules" / "training" / "main.tf"
USER = "student_performance"


def check() -> str:
    """Return the health check's program, its variable still in it."""
    text = TRAINING.read_text(encoding="utf-8")
    found = re.search(r"health = .*?<<-PYTHON\n(.*?)\n *PYTHON", text, re.DOTALL)
    assert found
    return re.sub(r"^ +", "", found[1], flags=re.MULTILINE)


class Alive(BaseHTTPRequestHandler):
    """A server that answers whatever becomes of its database, as MLflow's /health does."""

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        """Say that all is well."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin
        """Say nothing."""


@pytest.fixture(name="server")
def _server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Alive) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{server.server_port}/health"
        server.shutdown()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(name="database")
def _database() -> Iterator[int]:
    """A Postgres that asks for its password, "first"; its port."""
    binaries, owner = find_binaries(), unprivileged_user()
    home = Path(tempfile.mkdtemp(prefix="rotation-", dir="/tmp"))
    (home / "password").write_text("first\n", encoding="utf-8")
    identity = {"user": owner.pw_uid, "group": owner.pw_gid} if owner else {}
    if owner:
        for path in (home, home / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    data, port = home / "data", free_port()
    make = [binaries / "initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", "--no-sync"]
    make.append(f"--pwfile={home / 'password'}")
    run = [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", home]
    try:
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=home, **identity)
        with subprocess.Popen(run, stderr=subprocess.DEVNULL, cwd=home, **identity) as process:
            try:
                connect(port, "first").close()
                yield port
            finally:
                process.terminate()
    finally:
        shutil.rmtree(home)


def connect(port: int, password: str) -> psycopg2.extensions.connection:
    """Connect as soon as the server listens."""
    ends = time.monotonic() + 60
    while True:
        try:
            return psycopg2.connect(
                host="127.0.0.1", port=port, user=USER, password=password, dbname="postgres"
            )
        except psycopg2.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def health(server: str, port: int, password: str) -> int:
    """Run the check as ECS does, in the environment of a task that holds this password."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PG")},
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": USER,
        "PGPASSWORD": password,
        "OWN_DATABASE": "postgres",
        "no_proxy": "127.0.0.1",
    }
    program = check().replace("${path}", server)
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, check=False, capture_output=True
    ).returncode


def test_an_old_password_is_unhealthy(server: str, database: int) -> None:
    """GIVEN a server that answers and a database
    WHEN its password is rotated
    THEN a task that holds the old one is unhealthy and one that holds the new one is not."""
    assert health(server, database, "first") == 0
    with connect(database, "first") as connection, connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE {USER} PASSWORD 'second'")
    assert health(server, database, "first") == 1
    assert health(server, database, "second") == 0


def test_a_server_that_is_gone_is_unhealthy(database: int) -> None:
    """GIVEN a database that answers
    WHEN the server itself does not
    THEN the task is unhealthy."""
    assert health(f"{free_port()}/health", database, "first") == 1
