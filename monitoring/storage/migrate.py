"""The migration runner: numbered SQL files, each applied once, in order, in its own transaction."""

import hashlib
import os
import re
from importlib import resources
from typing import Final, NamedTuple

from psycopg2.extensions import connection as Connection

from monitoring.errors import MigrationError
from monitoring.storage import database

_NAME: Final = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")


class Migration(NamedTuple):
    """One step of the schema: its number, its name, its SQL."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Return the sha256 of the SQL; an applied step must never change."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return the steps in order; raises MigrationError when numbers have gaps or repeat."""
    steps = []
    for file in resources.files("monitoring.storage.migrations").iterdir():
        match = _NAME.match(file.name)
        if match:
            steps.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    steps.sort()
    numbers = [step.number for step in steps]
    if numbers != list(range(1, len(steps) + 1)):
        raise MigrationError(f"migrations are not numbered 1..n: {', '.join(map(str, numbers))}")
    return steps


def _prepare(connection: Connection) -> dict[int, str]:
    with database.transaction(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.MIGRATE_LOCK,))
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {database.SCHEMA}")
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY,"
            " name text NOT NULL, digest text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        cursor.execute("SELECT number, digest FROM schema_migrations")
        return dict(cursor.fetchall())


def migrate(connection: Connection) -> list[str]:
    """Bring the schema up to date and return the names of the steps applied now.

    Safe to run from several workers at once (each step takes a lock and looks again). Raises
    MigrationError if an applied step's text has changed, or if the database is ahead of this
    program.
    """
    steps = migrations()
    applied = _prepare(connection)
    newest = max(applied, default=0)
    if newest > len(steps):
        raise MigrationError(
            f"the database is at migration {newest}, this program knows {len(steps)}: update it"
        )
    for number, digest in applied.items():
        if steps[number - 1].digest != digest:
            raise MigrationError(f"migration {number} was changed after it was applied")
    done = []
    for step in steps:
        with database.transaction(connection) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.MIGRATE_LOCK,))
            cursor.execute("SELECT 1 FROM schema_migrations WHERE number = %s", (step.number,))
            if cursor.fetchone():
                continue
            cursor.execute(step.sql)
            cursor.execute(
                "INSERT INTO schema_migrations (number, name, digest) VALUES (%s, %s, %s)",
                (step.number, step.name, step.digest),
            )
        done.append(f"{step.number:04d}_{step.name}")
    return done


def set_dashboard_password(connection: Connection) -> None:
    """Give the dashboards' role the password in GRAFANA_RO_PASSWORD, where one is set."""
    password = os.environ.get("GRAFANA_RO_PASSWORD", "")
    if password:
        with database.transaction(connection) as cursor:
            cursor.execute(f"ALTER ROLE {database.DASHBOARD_ROLE} PASSWORD %s", (password,))
