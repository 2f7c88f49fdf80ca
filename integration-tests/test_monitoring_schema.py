"""The schema: migrated once, by whoever comes first; months dropped whole; no number that is none."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from monitoring.errors import MigrationError
from monitoring.storage import database, retention
from monitoring.storage.migrate import migrate, migrations
from tests.monitoring.support import cohort, store

pytest_plugins = ["tests.monitoring.support.services"]


def test_migrations_apply_once_and_refuse_a_changed_past(database_url: str) -> None:
    """GIVEN an empty database WHEN migrated twice, and then against a step whose text differs
    THEN the second does nothing, and the third refuses."""
    connection = database.connect(database_url)
    assert len(migrate(connection)) == len(migrations())
    assert not migrate(connection)
    with database.transaction(connection) as cursor:
        cursor.execute("UPDATE schema_migrations SET digest = 'other' WHERE number = 1")
    with pytest.raises(MigrationError, match="migration 1 was changed"):
        migrate(connection)
    with database.transaction(connection) as cursor:
        cursor.execute("INSERT INTO schema_migrations VALUES (999, 'future', 'x')")
    with pytest.raises(MigrationError, match="at migration 999"):
        migrate(connection)
    connection.close()


def test_workers_that_start_together_migrate_once(database_url: str) -> None:
    """GIVEN four workers that start at the same moment WHEN each migrates THEN all succeed."""
    done: list[list[str]] = []

    def run() -> None:
        connection = database.connect(database_url)
        done.append(migrate(connection))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert sum(map(len, done)) == len(migrations())


def test_retention_drops_whole_months_and_makes_the_next(connection: Connection) -> None:
    """GIVEN rows of ten months ago and of today WHEN retention keeps 200 days
    THEN the old month's tables are gone, today's rows stay and next month can be written."""
    # In the middle of a month, so that all ten rows are of the same one.
    old = (datetime.now(UTC) - timedelta(days=300)).replace(day=15)
    store.ingest(connection, cohort.records(10, start=old))
    store.ingest(connection, cohort.records(10, first_id=101))
    dropped = retention.keep(connection, 200)
    assert dropped == [f"predictions_{old:%Y_%m}", f"rejections_{old:%Y_%m}"]
    assert store.one(connection, "SELECT count(*) FROM predictions") == 10
    following = datetime.now(UTC).replace(day=1) + timedelta(days=32)
    name = f"monitoring.predictions_{following:%Y_%m}"
    assert store.one(connection, "SELECT to_regclass(%s)::text", (name,)) is not None
    assert not retention.keep(connection, 200)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_the_schema_itself_refuses_what_is_no_number(connection: Connection, value: str) -> None:
    """GIVEN a window WHEN a figure that is not finite is written THEN the database refuses it."""
    with database.transaction(connection) as cursor:
        cursor.execute(
            "INSERT INTO windows (kind, version, after_row, last_row, row_count, closed_by)"
            " VALUES ('scored', '1', 0, 1, 1, 'count')"
        )
    with pytest.raises(psycopg2.IntegrityError):
        with database.transaction(connection) as cursor:
            cursor.execute(
                "INSERT INTO window_metrics (window_id, metric, value)"
                " SELECT window_id, 'x', %s::float8 FROM windows",
                (value,),
            )
