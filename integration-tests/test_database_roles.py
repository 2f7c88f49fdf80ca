"""Mage's and MLflow's roles in Postgres: each owns its database, and nothing of monitoring's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege  # pylint: disable=no-name-in-module
from psycopg2.extensions import make_dsn, parse_dsn

from localcloud.services.postgres import Postgres
from monitoring.storage import database
from monitoring.storage.migrate import migrate

PROGRAM = Path(__file__).parents[1] / "infrastructure" / "modules" / "training" / "prepare.py"
MASTER = "master_of_this_test"
NAMES = ("mage", "mlflow")


def run(address: str, statement: str, *, user: str, name: str = "") -> list[tuple[Any, ...]]:
    """Run a statement as a role, in its own database or in the one at ``address``."""
    connection = psycopg2.connect(
        make_dsn(address, user=user, **({"dbname": name} if name else {}))
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(name="address")
def address_fixture() -> Iterator[str]:
    """The address, on a server of its own, of a database whose owner is no superuser, as on RDS."""
    folder = Path(tempfile.mkdtemp(prefix="roles-postgres-"))
    folder.chmod(0o711)  # as root the server runs as another user
    try:
        with Postgres(folder) as server:
            admin = psycopg2.connect(server.address("postgres"))
            admin.autocommit = True
            with admin.cursor() as cursor:
                cursor.execute(
                    f"CREATE ROLE {MASTER} LOGIN CREATEDB CREATEROLE PASSWORD %s",
                    (server.password,),
                )
                cursor.execute(f"CREATE DATABASE first OWNER {MASTER}")
            admin.close()
            yield server.address("first")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(address: str, name: str, password: str = "") -> None:
    """Run the program as its container does; left out, the role gets the password of all here."""
    given = parse_dsn(address)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PG")},
        "PGHOST": given["host"],
        "PGPORT": given["port"],
        "PGUSER": MASTER,
        "PGPASSWORD": given["password"],
        "FIRST_DATABASE": given["dbname"],
        "OWN_DATABASE": name,
        "OWN_PASSWORD": password or given["password"],
        "READS_LABELS": "1" if name == "mage" else "",
    }
    subprocess.run([sys.executable, "-c", PROGRAM.read_text("utf-8")], env=environment, check=True)


def migrated(address: str) -> None:
    """Bring monitoring's schema up to date as its worker does."""
    connection = database.connect(make_dsn(address, user=MASTER))
    migrate(connection)
    connection.close()


@pytest.mark.parametrize("first", ["monitoring", "training"])
def test_each_owns_its_database_and_no_other(address: str, first: str) -> None:
    """GIVEN either started first WHEN Mage and MLflow use Postgres THEN only what is theirs."""
    if first == "monitoring":
        migrated(address)
    for name in NAMES:
        prepare(address, name)
        prepare(address, name)
    if first == "training":
        migrated(address)
    for name in NAMES:
        run(address, "CREATE TABLE own (x int)", user=name, name=name)
        with pytest.raises(InsufficientPrivilege):
            run(address, "SELECT * FROM monitoring.predictions", user=name)
        with pytest.raises(InsufficientPrivilege):
            run(address, "CREATE TABLE monitoring.mine (x int)", user=name)
        owned = f"SELECT 1 FROM pg_class WHERE relowner = '{name}'::regrole"
        assert not run(address, owned, user=MASTER)
    assert run(address, "SELECT count(*) FROM monitoring.labelled_predictions", user="mage") == [
        (0,)
    ]
    with pytest.raises(InsufficientPrivilege):
        run(address, "SELECT count(*) FROM monitoring.labelled_predictions", user="mlflow")
    with pytest.raises(psycopg2.OperationalError, match="CONNECT"):
        run(address, "SELECT 1", user="mlflow", name="mage")


def test_the_password_is_the_newest_and_was_never_sent(address: str) -> None:
    """GIVEN a changed secret WHEN the task starts again THEN the role has it, hashed before."""
    superuser = psycopg2.connect(address)
    found = []
    for password in ("first", "second"):
        prepare(address, "mage", password)
        with superuser, superuser.cursor() as cursor:
            cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'mage'")
            found += cursor.fetchall()
    superuser.close()
    assert all(stored.startswith("SCRAM-SHA-256$") for (stored,) in found)
    assert found[0] != found[1]
    text = PROGRAM.read_text("utf-8")
    assert text.count("OWN_PASSWORD") == 1 and 'encrypt_password(os.environ["OWN_PASSWORD"]' in text
