"""The local cloud's services: nothing left behind however their owner ends, state kept, other ports
where taken.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from localcloud.configuration import REPOSITORY
from localcloud.errors import AlreadyRunning
from localcloud.lock import is_held, wait_free
from localcloud.provision import client, provision
from localcloud.services.emulator import Emulator
from localcloud.services.mlflow import MlflowServer
from localcloud.services.postgres import DATABASE, USER, Postgres
from localcloud.stack import Options, Stack
from tests.localcloud.support.deployment import (
    HANDLERS,
    PATIENCE_SECONDS,
    eventually,
    write_variables,
)
from tests.localcloud.support.processes import child_of, is_listening, listeners, of_state

ECHO = f"{HANDLERS}.echo.lambda_handler"
OWNER = """
import sys, time
from pathlib import Path
from localcloud.stack import Options, Stack
stack = Stack(Path(sys.argv[1]), services=("postgres", "lambda"), options=Options(handler=sys.argv[2]))
stack.start()
print(*(service.port for service in stack.services.values()), flush=True)
time.sleep(600)
"""
"""A program that starts a stack and waits: for ending it in unfriendly ways."""


@pytest.mark.embedded
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_its_owner(tmp_path: Path, number: signal.Signals) -> None:
    """GIVEN a running stack WHEN its owner gets Ctrl-C, SIGTERM or SIGKILL THEN no process, port or
    lock is left.
    """
    state = tmp_path / "state"
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(state), ECHO],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        ports = [int(port) for port in owner.stdout.readline().split()]
        assert all(is_listening(port) for port in ports[:2])
        assert len(of_state(state)) > 4
        owner.send_signal(number)
        owner.wait(PATIENCE_SECONDS)
    assert wait_free(state, PATIENCE_SECONDS)
    # The kernel takes a process apart piece by piece: the lock may be free a moment before the rest.
    eventually(lambda: not of_state(state))
    eventually(lambda: not any(is_listening(port) for port in ports))


@pytest.mark.embedded
def test_every_listener_is_on_loopback(tmp_path: Path) -> None:
    """GIVEN every kind of server WHEN it runs THEN all it listens on is loopback, MQTT's 8883 not
    among it.
    """
    state = tmp_path / "state"
    with Stack(state, services=("postgres", "mlflow", "lambda"), options=Options(handler=ECHO)):
        listening = listeners(of_state(state))
    assert len(listening) >= 3
    assert {address for address, _ in listening} == {"127.0.0.1"}
    assert 8883 not in {port for _, port in listening}


@pytest.mark.embedded
def test_a_directory_has_one_owner(tmp_path: Path) -> None:
    """GIVEN a stack WHEN another wants its directory THEN it is refused; afterwards the directory
    is free.
    """
    with Stack(tmp_path, services=()):
        with pytest.raises(AlreadyRunning, match=str(os.getpid())):
            Stack(tmp_path, services=()).start()
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


@pytest.mark.embedded
def test_state_survives_a_restart(tmp_path: Path) -> None:
    """GIVEN records, objects and rows WHEN the stack stops and starts again THEN they are still
    there.
    """
    file = write_variables(tmp_path)
    options = Options(file)
    with Stack(tmp_path / "state", services=("postgres",), options=options) as stack:
        names = stack.configuration
        client("s3", stack.environment).put_object(
            Bucket=names.model_bucket_name, Key="k", Body=b"v"
        )
        client("kinesis", stack.environment).put_record(
            StreamName=names.students_stream_name, PartitionKey="k", Data=b"kept"
        )
        psql(
            stack.environment["DATABASE_URL"],
            "CREATE TABLE kept (x int); INSERT INTO kept VALUES (7)",
        )
    with Stack(tmp_path / "state", services=("postgres",), options=options) as stack:
        s3, kinesis = client("s3", stack.environment), client("kinesis", stack.environment)
        assert s3.get_object(Bucket=names.model_bucket_name, Key="k")["Body"].read() == b"v"
        found = []
        for shard in kinesis.list_shards(StreamName=names.students_stream_name)["Shards"]:
            iterator = kinesis.get_shard_iterator(
                StreamName=names.students_stream_name,
                ShardId=shard["ShardId"],
                ShardIteratorType="TRIM_HORIZON",
            )["ShardIterator"]
            found += kinesis.get_records(ShardIterator=iterator)["Records"]
        assert [record["Data"] for record in found] == [b"kept"]
        assert psql(stack.environment["DATABASE_URL"], "SELECT x FROM kept") == [(7,)]


def psql(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement; return its rows."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.mark.embedded
def test_a_taken_port_is_not_fought_over(tmp_path: Path) -> None:
    """GIVEN something on the usual port WHEN a service starts THEN it takes another one and says
    so.
    """
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", Emulator.preferred_port))
            other.listen()
        except OSError:
            pass  # somebody else holds it already, which serves as well
        emulator = Emulator(tmp_path, usual_port=True)
        assert emulator.port != Emulator.preferred_port
        assert str(Emulator.preferred_port) in emulator.note
        with emulator:
            assert is_listening(emulator.port)


def test_provisioning_twice_changes_nothing(local_stack: Stack) -> None:
    """GIVEN a provisioned endpoint WHEN it is provisioned again THEN the variables are the same and
    data stays.
    """
    again = provision(local_stack.configuration, local_stack.environment)
    assert again.items() <= local_stack.environment.items()


def test_a_server_that_ends_early_says_why(tmp_path: Path) -> None:
    """GIVEN a database MLflow cannot read WHEN it starts THEN the error holds its log, and nothing
    runs on.
    """
    server = MlflowServer(tmp_path)
    server.directory.mkdir()
    (server.directory / "mlflow.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(Exception, match="file is not a database"), server:
        pass
    eventually(lambda: not of_state(tmp_path))


def test_postgres_asks_for_its_password(tmp_path: Path) -> None:
    """GIVEN a running server WHEN somebody comes without the password, or with a wrong one
    THEN he is refused, and the address for people does not help him."""
    with Postgres(tmp_path) as server:
        assert server.password not in server.url
        for address in (server.url, server.address(DATABASE).replace(server.password, "guess")):
            with pytest.raises(psycopg2.OperationalError, match="password"):
                psycopg2.connect(address, passfile="/dev/null")


def test_a_database_of_an_earlier_version_is_kept_and_closed(tmp_path: Path) -> None:
    """GIVEN a data folder that lets in everybody WHEN its server starts THEN rows are there, and
    only the password opens it; so it is after the password was lost."""
    with Postgres(tmp_path) as server:
        psql(server.address(DATABASE), "CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
        psql(server.address(DATABASE), f"ALTER ROLE {USER} PASSWORD NULL")
    access = next(server.directory.glob("data-*/pg_hba.conf"))
    access.write_text("host all all 127.0.0.1/32 trust\n", encoding="utf-8")
    (server.directory / "password").unlink()
    for lost in (False, True):
        with Postgres(tmp_path) as server:
            assert psql(server.address(DATABASE), "SELECT x FROM t") == [(1,)]
            with pytest.raises(psycopg2.OperationalError, match="password"):
                psycopg2.connect(server.url, passfile="/dev/null")
        if not lost:
            (server.directory / "password").unlink()


def test_postgres_recovers_from_a_kill(tmp_path: Path) -> None:
    """GIVEN a Postgres whose server process is killed WHEN it is started again THEN committed rows
    are there.
    """
    with Postgres(tmp_path) as server:
        psql(server.address(DATABASE), "CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
        assert server.process is not None and server.process.pid is not None
        postmaster = child_of(server.process.pid)
        os.kill(postmaster, signal.SIGKILL)
        eventually(lambda: server.process is not None and not server.process.alive)
    with Postgres(tmp_path) as server:
        assert psql(server.address(DATABASE), "SELECT x FROM t") == [(1,)]
