"""A few hours of a service's life in a database: quiet, a shifted cohort, an alarm, retraining."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from psycopg2.extensions import connection as Connection

from monitoring.actions.outbox import Outbox
from monitoring.ingest import predictions
from monitoring.ingest.consumer import Consumer
from monitoring.ingest.labels import Label
from monitoring.storage import database
from monitoring.watch import Watch
from tests.monitoring.support import cohort, store
from tests.monitoring.support.kinesis import FakeKinesis

HOURS = 6


class History:
    """Writes batches of students at given times and lets the watch and the outbox act on each."""

    def __init__(self, connection: Connection, watch: Watch, outbox: Outbox) -> None:
        self._connection = connection
        self._watch = watch
        self._outbox = outbox
        self._kinesis = FakeKinesis()
        self._kinesis.open("shardId-000000000000")
        self._kinesis.open("shardId-000000000001")
        self._consumer = Consumer(self._kinesis, "predictions", predictions)
        self._number = 0
        self._start = datetime.now(UTC) - timedelta(hours=HOURS)

    def batch(self, hour: float, *, version: str = "1", shifted: bool = False) -> None:
        """Stream 200 students and a few rejections in the minutes after ``hour``."""
        self._number += 1
        at = self._start + timedelta(hours=hour)
        frame = cohort.students(200, 100 + self._number, shifted=shifted)
        first = 1000 * self._number + 1
        records = cohort.predictions(
            frame, version=version, start=at, step=timedelta(seconds=2), first_id=first
        )
        data = cohort.encoded(records)
        wrong = 2 + self._number % 5
        data += cohort.encoded(cohort.rejections(wrong, start=at, first_id=first))
        for shard in (0, 1):
            self._kinesis.put(f"shardId-00000000000{shard}", data[shard::2])
        self._consumer.step(self._connection)
        with database.transaction(self._connection) as cursor:
            cursor.execute(
                "UPDATE ingest_batches SET committed_at = %s, lag_p50 = 0.2 + %s, lag_p95 = 0.7 + %s"
                " WHERE committed_at > %s",
                (at, wrong / 50, wrong / 20, datetime.now(UTC) - timedelta(minutes=5)),
            )
        self._labels(first, frame["GradeClass"].to_numpy(), frame["GPA"].to_numpy())
        self.act()

    def _labels(self, first: int, grades: np.ndarray, gpa: np.ndarray) -> None:
        rows = store.fetch(
            self._connection,
            "SELECT prediction_id, student_id::bigint - %s AS k FROM predictions"
            " WHERE student_id::bigint BETWEEN %s AND %s",
            (first, first, first + 199),
        )
        labels = [
            Label(int(grades[row["k"]]), round(float(gpa[row["k"]]), 2), UUID(row["prediction_id"]))
            for row in rows
        ]
        store.label(self._connection, labels, "school office")
        wrong = labels[0]._replace(grade_class=(labels[0].grade_class + 1) % 5)
        store.label(self._connection, [wrong], "teacher")

    def garbage(self) -> None:
        """Put records on the stream that are no predictions."""
        self._kinesis.put("shardId-000000000000", [b"{", json.dumps({"a": 1}).encode()])
        self._consumer.step(self._connection)

    def act(self) -> None:
        """Evaluate what is due and deliver what is due."""
        self._watch.step(self._connection)
        with database.transaction(self._connection) as cursor:
            cursor.execute("UPDATE outbox SET next_attempt_at = now() WHERE finished_at IS NULL")
        self._outbox.step(self._connection)


def write(
    connection: Connection, watch: Watch, outbox: Outbox, promote: Callable[[], None]
) -> None:
    """Write the whole history; ``promote`` puts the outcome of retraining where it is looked for."""
    history = History(connection, watch, outbox)
    for k in range(6):
        history.batch(0.4 * k)
    history.garbage()
    history.batch(2.6, shifted=True)
    history.batch(3.0, shifted=True)
    promote()
    history.act()
    history.act()
    for k in range(5):
        history.batch(3.6 + 0.4 * k, version="2", shifted=True)
    with database.transaction(connection) as cursor:
        cursor.execute("INSERT INTO heartbeats (part) VALUES ('ingest'), ('watch'), ('outbox')")
        cursor.execute(
            "INSERT INTO failure_queue (waiting, hidden, since) VALUES (2, 1, now() - interval '1 hour')"
        )
