"""The failure queue as monitoring tells of it: status, events, report, alert rule."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from monitoring.clients import client
from monitoring.dashboards.grafana.alerts import RULES
from monitoring.dashboards.report import page
from monitoring.ingest import given_up
from monitoring.storage import database, failure_queue, status
from tests.localcloud.support.deployment import unique
from tests.monitoring.support import store
from tests.monitoring.support.cloud import Cloud

pytest_plugins = ["tests.monitoring.support.services"]


@pytest.fixture(name="queue")
def queue_fixture(cloud: Cloud) -> Any:
    """The address of a queue of this test's own."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"{unique()}-failures")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def _alert(connection: Connection) -> float:
    rule = next(rule for rule in RULES if rule.uid == "sp-failure-queue")
    with database.transaction(connection) as cursor:
        cursor.execute(f"SET LOCAL ROLE {database.DASHBOARD_ROLE}")
        return float(database.scalar(cursor, rule.sql) or 0) - rule.above


def test_a_queue_that_fills_and_empties(cloud: Cloud, connection: Connection, queue: str) -> None:
    """GIVEN an empty queue WHEN batches are given up, one is taken, and all are removed
    THEN status, alert, report and events tell of it, and the age is never too small.
    """
    sqs = cloud.client("sqs")
    look = given_up.looking(client("sqs", cloud.url), queue)
    assert status.read(connection)["failure_queue"] is None and _alert(connection) <= 0
    look(connection)
    empty = status.read(connection)["failure_queue"]
    assert empty["batches"] == 0 and empty["since"] is None and _alert(connection) <= 0
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    look(connection)
    filled = status.read(connection)["failure_queue"]
    assert filled["batches"] == 3 and filled["since"] == empty["looked_at"]
    assert _alert(connection) > 0
    assert "3 batches given up: make redrive" in page.render(connection)
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=600)
    look(connection)
    held = status.read(connection)["failure_queue"]
    assert held["batches"] == 3 and held["since"] == filled["since"], "one of them hidden"
    sqs.purge_queue(QueueUrl=queue)
    look(connection)
    assert status.read(connection)["failure_queue"]["since"] is None and _alert(connection) <= 0
    events = store.fetch(connection, "SELECT kind FROM events ORDER BY event_id")
    assert [event["kind"] for event in events] == ["alarm", "resolved"]


def test_first_seen_full(connection: Connection) -> None:
    """GIVEN a database that knows nothing WHEN the first look finds a batch THEN it counts since."""
    with database.transaction(connection) as cursor:
        failure_queue.store(cursor, 0, 1)
        found = failure_queue.read(cursor)
    assert found and found["batches"] == 1 and found["since"] is not None
