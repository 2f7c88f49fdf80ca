"""The worker as a whole: it outlives what is away and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from monitoring import settings
from monitoring.storage import database
from monitoring.worker import Worker
from tests.monitoring.support import cohort, store
from tests.monitoring.support.cloud import Cloud

pytest_plugins = ["tests.monitoring.support.services"]
ROOT = Path(__file__).resolve().parent.parent


def test_ingest_outlives_a_database_that_is_away(
    cloud: Cloud, connection: Connection, environment: dict[str, str], database_url: str
) -> None:
    """GIVEN a running worker WHEN the database refuses everyone for a while and records come
    THEN the worker waits, and afterwards every record is there once."""
    cloud.put_reference("1")
    worker = Worker(settings.load(environment))
    thread = threading.Thread(target=worker.run)
    thread.start()
    admin = psycopg2.connect(database_url.rsplit("/", 1)[0] + "/postgres")
    admin.autocommit = True
    name = database_url.rsplit("/", 1)[1]
    try:
        cloud.put(cohort.records(150))
        _until(lambda: store.one(connection, "SELECT count(*) FROM predictions") == 150)
        connection.close()
        with admin.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
        cloud.put(cohort.records(150, first_id=501))
        time.sleep(1.5)
        assert thread.is_alive()
        with admin.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        again = database.connect(database_url)
        _until(lambda: store.one(again, "SELECT count(*) FROM predictions") == 300)
        assert store.one(again, "SELECT sum(records) FROM ingest_batches") == 300
        again.close()
    finally:
        worker.stop()
        thread.join(240)
        admin.close()
    assert not thread.is_alive()


@pytest.mark.parametrize("victim", ["worker", "ingest", "windows"])
def test_children_end_with_their_worker_and_start_again_by_themselves(
    victim: str, cloud: Cloud, connection: Connection, environment: dict[str, str]
) -> None:
    """GIVEN a worker WHEN it is killed THEN its processes for ingest and for Evidently end too; WHEN
    one of those is killed THEN the worker starts it again; what was committed stays, once."""
    sessions = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name IN"
        " ('monitoring ingest', 'monitoring reports')"
        " AND datname = current_database()"
    )
    command = [sys.executable, "-m", "monitoring", "worker"]
    with subprocess.Popen(command, env=environment, cwd=ROOT) as worker:
        try:
            cloud.put(cohort.records(150))
            _until(lambda: store.one(connection, "SELECT count(*) FROM predictions") == 150)
            expected = 150
            if victim != "worker":
                _until(lambda: store.one(connection, sessions) == 2)
                os.kill(_child(worker.pid, f"monitoring.{victim}.process"), signal.SIGKILL)
                cloud.put(cohort.records(150, first_id=501))
                expected = 300
                _until(lambda: store.one(connection, "SELECT count(*) FROM predictions") == 300)
                _until(lambda: store.one(connection, sessions) == 2)
                assert worker.poll() is None
            worker.kill()
            assert worker.wait(240) != 0
        finally:
            worker.kill()
    _until(lambda: store.one(connection, sessions) == 0)
    assert store.one(connection, "SELECT sum(records) FROM ingest_batches") == expected


def _child(parent: int, module: str) -> int:
    """Return the process of a worker that runs a module."""
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    children = " ".join(path.read_text(encoding="ascii") for path in tasks).split()
    (child,) = [
        int(child)
        for child in children
        if module.encode() in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]
    return child


def _until(met: Any, seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)
