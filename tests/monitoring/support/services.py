"""Pytest plugin: a Postgres server of the test run's own, fresh names per test there and on AWS."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from localcloud.services.postgres import Postgres
from monitoring.storage import database
from monitoring.storage.migrate import migrate
from tests.monitoring.support.cloud import Cloud, opened

os.environ["DO_NOT_TRACK"] = "1"
_NUMBERS = itertools.count(1)


@pytest.fixture(name="postgres_server", scope="session")
def postgres_server_fixture() -> Iterator[Postgres]:
    """A Postgres server that dies with the test run."""
    folder = Path(tempfile.mkdtemp(prefix="monitoring-postgres-"))
    folder.chmod(0o711)  # as root the server runs as another user, whom pytest's folders keep out
    try:
        with Postgres(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(name="database_url")
def database_url_fixture(postgres_server: Postgres) -> Iterator[str]:
    """The address of an empty database."""
    name = f"monitoring_{os.getpid()}_{next(_NUMBERS)}"
    admin = psycopg2.connect(postgres_server.address("postgres"))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield postgres_server.address(name)
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@pytest.fixture(name="connection")
def connection_fixture(database_url: str) -> Iterator[Connection]:
    """A connection to a database with the schema in place."""
    connection = database.connect(database_url)
    migrate(connection)
    yield connection
    connection.close()


@pytest.fixture(name="endpoint", scope="session")
def endpoint_fixture(aws: dict[str, str]) -> str:
    """The address of the run's AWS endpoint; its credentials are in the environment."""
    for name, value in aws.items():
        if name != "AWS_ENDPOINT_URL":
            os.environ.setdefault(name, value)
    return aws["AWS_ENDPOINT_URL"]


@pytest.fixture(name="cloud")
def cloud_fixture(endpoint: str) -> Iterator[Cloud]:
    """A stream and a bucket of this test's own, and SES willing to send."""
    with opened(endpoint) as cloud:
        yield cloud


@pytest.fixture(name="environment")
def environment_fixture(cloud: Cloud, database_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a worker of this test."""
    return {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "DO_NOT_TRACK": "1",
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DATABASE_URL": database_url,
        "PREDICTIONS_STREAM_NAME": cloud.stream,
        "ARTIFACT_BUCKET": cloud.bucket,
        "ALERT_SENDER": "alerts@school.example",
        "ALERT_RECIPIENTS": cloud.recipient,
        "WORKER_TICK_SECONDS": "0.1",
        "INGEST_POLL_SECONDS": "0.05",
    }
