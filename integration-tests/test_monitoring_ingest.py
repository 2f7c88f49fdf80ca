"""Exactly once into Postgres: rivals, kills, redelivery, resharding, unreadable records, outages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError
from psycopg2.extensions import connection as Connection

from monitoring.ingest import predictions
from monitoring.ingest.consumer import Consumer
from tests.monitoring.support import cohort, store
from tests.monitoring.support.cloud import Cloud
from tests.monitoring.support.kinesis import FakeKinesis

pytest_plugins = ["tests.monitoring.support.services"]
ROOT = Path(__file__).resolve().parent.parent
BATCHES = "SELECT count(*) FROM ingest_batches"


def _consumer(cloud: Cloud, **arguments: Any) -> Consumer:
    return Consumer(cloud.client("kinesis"), cloud.stream, predictions, **arguments)


def _drain(consumer: Consumer, connection: Connection) -> int:
    total = idle = 0
    while idle < 3:
        done = consumer.step(connection)
        total += done
        idle = 0 if done else idle + 1
    return total


@pytest.mark.slow
def test_rivals_kills_and_redelivery_leave_every_record_once(
    cloud: Cloud, connection: Connection, environment: dict[str, str]
) -> None:
    """GIVEN a stream in which a third of the records appear twice
    WHEN two consumers race for it and are killed (SIGKILL) a dozen times
    THEN every prediction is stored exactly once and the counts say the same."""
    records = cohort.records(9000)
    random = Random(3)
    cloud.put([*records, *random.sample(records, 3000)])
    command = [sys.executable, "-m", "tests.monitoring.support.rival", cloud.stream, "40"]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)

    rivals = [start(), start()]
    deadline = time.monotonic() + 600
    kills = 0
    try:
        while store.one(connection, "SELECT coalesce(sum(records), 0) FROM ingest_batches") < 12000:
            assert time.monotonic() < deadline, "the consumers do not get on"
            time.sleep(random.uniform(0.01, 0.05))
            # By progress, not by the clock: 300 batches hold a dozen kills however fast they go.
            if kills < 12 and store.one(connection, BATCHES) > 20 * kills:
                victim = random.randrange(2)
                os.killpg(rivals[victim].pid, signal.SIGKILL)
                rivals[victim].wait()
                rivals[victim] = start()
                kills += 1
    finally:
        for rival in rivals:
            os.killpg(rival.pid, signal.SIGKILL)
            rival.wait()
    assert kills >= 3
    assert store.one(connection, "SELECT count(*) FROM predictions") == 9000
    assert store.one(connection, "SELECT count(DISTINCT prediction_id) FROM predictions") == 9000
    (sums,) = store.fetch(
        connection,
        "SELECT sum(records) AS records, sum(inserted) AS inserted, sum(duplicates) AS duplicates"
        " FROM ingest_batches",
    )
    assert sums == {"records": 12000, "inserted": 9000, "duplicates": 3000}


def test_a_fenced_consumer_writes_nothing_and_goes_on_from_the_checkpoint(
    cloud: Cloud, connection: Connection
) -> None:
    """GIVEN two consumers that agree where a shard stands WHEN one moves on and then the other
    tries to write the same records THEN the other's batch is void and it continues behind."""
    cloud.put(cohort.records(60))
    first, second = _consumer(cloud, rows=20), _consumer(cloud, rows=20)
    second.refresh(connection)
    assert first.step(connection) > 0
    before = store.one(connection, "SELECT sum(records) FROM ingest_batches")
    assert second.step(connection) == 0
    assert store.one(connection, "SELECT sum(records) FROM ingest_batches") == before
    _drain(second, connection)
    assert store.one(connection, "SELECT sum(records) FROM ingest_batches") == 60
    assert store.one(connection, "SELECT sum(duplicates) FROM ingest_batches") == 0


def test_resharding_is_followed_to_the_last_record(connection: Connection) -> None:
    """GIVEN shards that are split and then merged while records come WHEN consumed in small reads
    THEN a child is read only after its parents' end, and every record is stored once."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    kinesis.put("a", cohort.records(95))
    consumer = Consumer(kinesis, "s", predictions, rows=20, start="LATEST")
    consumer.refresh(connection)
    kinesis.put("a", cohort.records(95, first_id=101))
    kinesis.open("b", "a")
    kinesis.open("c", "a")
    kinesis.put("b", cohort.records(30, first_id=201))
    kinesis.put("c", cohort.records(30, first_id=301))
    kinesis.open("d", "b", "c")
    kinesis.put("d", cohort.records(30, first_id=401))
    _drain(Consumer(kinesis, "s", predictions, rows=20), connection)
    assert store.one(connection, "SELECT count(*) FROM predictions") == 280
    order = [shard for k, shard in enumerate(kinesis.reads) if shard not in kinesis.reads[:k]]
    assert order == ["a", "b", "c", "d"]
    first = {shard: kinesis.reads.index(shard) for shard in "abcd"}
    last = {shard: len(kinesis.reads) - 1 - kinesis.reads[::-1].index(shard) for shard in "abcd"}
    assert last["a"] < first["b"] and max(last["b"], last["c"]) < first["d"]
    ends = store.fetch(connection, "SELECT shard_id FROM consumer_checkpoint WHERE finished")
    assert {row["shard_id"] for row in ends} == {"a", "b", "c"}


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize("start", ["TRIM_HORIZON", "LATEST"])
def test_a_stream_made_anew_is_read_from_its_start(
    connection: Connection, caplog: pytest.LogCaptureFixture, start: str, restarted: bool
) -> None:
    """GIVEN a shard read to its end and half of its child WHEN the stream is made anew under the
    same shard ids THEN all of it is stored, nothing twice, and the log says so."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    consumer = Consumer(kinesis, "s", predictions, rows=20, start=start)
    consumer.step(connection)
    kinesis.put("a", cohort.records(30))
    kinesis.open("b", "a")
    kinesis.put("b", cohort.records(30, first_id=101))
    _drain(consumer, connection)
    assert store.one(connection, "SELECT count(*) FROM predictions") == 60
    kinesis.anew()
    kinesis.open("a")
    kinesis.put("a", cohort.records(30, first_id=201))
    kinesis.open("b", "a")
    kinesis.put("b", cohort.records(30, first_id=301))
    if restarted:
        Consumer(kinesis, "s", predictions, rows=20, start=start).refresh(connection)
        consumer = Consumer(kinesis, "s", predictions, rows=20, start=start)
    consumer.refresh(connection)
    _drain(consumer, connection)
    assert store.one(connection, "SELECT count(*) FROM predictions") == 120
    assert store.one(connection, "SELECT sum(duplicates) FROM ingest_batches") == 0
    places = store.fetch(connection, "SELECT DISTINCT stream_created FROM consumer_checkpoint")
    assert [place["stream_created"] for place in places] == [kinesis.created]
    assert caplog.text.count("checkpoints of 2 earlier shards are discarded") == 1


def test_a_consumer_of_the_earlier_stream_is_fenced(connection: Connection) -> None:
    """GIVEN a consumer that knows the earlier stream only WHEN a rival has begun the new one
    THEN its batch is void, though neither had moved its checkpoint."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    late = Consumer(kinesis, "s", predictions)
    late.refresh(connection)
    kinesis.anew()
    kinesis.open("a")
    kinesis.put("a", cohort.records(30))
    Consumer(kinesis, "s", predictions).refresh(connection)
    assert late.step(connection) == 0
    assert _drain(late, connection) == 30
    assert store.one(connection, "SELECT sum(records) FROM ingest_batches") == 30


def test_expiry_throttling_and_trimming_lose_only_what_is_gone(connection: Connection) -> None:
    """GIVEN a consumer in mid-shard WHEN its iterator expires, reads are throttled and retention
    passes its checkpoint THEN it goes on with what the stream still holds."""
    kinesis = FakeKinesis()
    kinesis.open("a")
    kinesis.put("a", cohort.records(40))
    consumer = Consumer(kinesis, "s", predictions, rows=20)
    consumer.step(connection)
    kinesis.faults = ["ExpiredIteratorException"]
    assert consumer.step(connection) == 20
    kinesis.faults = ["ProvisionedThroughputExceededException"]
    kinesis.put("a", cohort.records(100, first_id=101))
    assert consumer.step(connection) == 0
    kinesis.trim("a", 120)
    _drain(Consumer(kinesis, "s", predictions, rows=50), connection)
    assert store.one(connection, "SELECT count(*) FROM predictions") == 40 + 20
    kinesis.faults = ["AccessDeniedException"]
    with pytest.raises(ClientError, match="AccessDenied"):
        consumer.step(connection)


def _unreadable() -> dict[str, bytes]:
    good = json.loads(cohort.records(1)[0])
    late = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    answer = {**good["prediction"], "GradeClass": 9}
    return {
        "not_prediction": b"\xff\xfe not json",
        "unknown_schema": json.dumps({**good, "schema": "other/9"}).encode(),
        "bad_value": json.dumps({**good, "prediction": answer}).encode(),
        "implausible_time": json.dumps({**good, "event_time": late}).encode(),
    }


def test_unreadable_records_are_dead_letters_and_block_nothing(
    cloud: Cloud, connection: Connection
) -> None:
    """GIVEN records that are no predictions between ones that are WHEN they are consumed
    THEN each stands in dead_letters with its place and digest but not its content."""
    bad = _unreadable()
    nan = cohort.records(1, first_id=50)[0].replace(b'"GPA": ', b'"GPA": NaN, "was": ')
    cloud.put([*cohort.records(20), *bad.values(), nan, *cohort.records(20, first_id=101)])
    _drain(_consumer(cloud), connection)
    assert store.one(connection, "SELECT count(*) FROM predictions") == 40
    letters = store.fetch(connection, "SELECT * FROM dead_letters")
    assert sorted(letter["code"] for letter in letters) == sorted([*bad, "not_prediction"])
    assert all(len(letter["sha256"]) == 64 and letter["size"] > 0 for letter in letters)
    assert "StudyTimeWeekly" not in str(letters)


def test_a_number_below_the_range_of_a_real_is_stored(cloud: Cloud, connection: Connection) -> None:
    """GIVEN a valid prediction of a student who studies 1e-320 hours WHEN it is consumed
    THEN it is stored as zero and is no dead letter."""
    record = next(cohort.predictions(cohort.students(1, 4)))
    record["features"]["StudyTimeWeekly"] = 1e-320
    cloud.put([json.dumps(record).encode()])
    _drain(_consumer(cloud), connection)
    rows = store.fetch(connection, 'SELECT "StudyTimeWeekly" AS hours FROM predictions')
    assert [row["hours"] for row in rows] == [0]
    assert not store.fetch(connection, "SELECT * FROM dead_letters")


def test_text_that_postgres_could_trip_over_is_stored(cloud: Cloud, connection: Connection) -> None:
    """GIVEN student ids with tabs, backslashes, quotes, NUL and non-ASCII letters
    WHEN they are consumed THEN each row is there with its id (NUL replaced)."""
    ids = [
        "a\tb",
        "],[",
        "]\n[",
        "\x01\x1f\x7f\b\f",
        "\\\\\t\\u0041",
        "a\\nb",
        "\\N",
        "O'Brien",
        '"',
        "\n\r",
        "Łódź 🎓",
        "x\0y",
        " ",
    ]
    records = []
    for k, record in enumerate(cohort.predictions(cohort.students(len(ids), 4))):
        record["prediction"]["student_id"] = ids[k]
        records.append(json.dumps(record).encode())
    cloud.put(records)
    _drain(_consumer(cloud), connection)
    stored = {
        row["student_id"] for row in store.fetch(connection, "SELECT student_id FROM predictions")
    }
    assert stored == {text.replace("\0", "�") for text in ids}


def test_rejections_are_counted_once_by_minute_code_and_field(connection: Connection) -> None:
    """GIVEN rejections delivered twice WHEN they are stored THEN the counts hold them once."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0) - timedelta(days=20)
    records = cohort.encoded(cohort.rejections(30, start=noon))
    assert store.ingest(connection, records).rejected == 30
    assert store.ingest(connection, records).duplicates == 30
    counts = store.fetch(
        connection, "SELECT code, field, count FROM rejection_counts ORDER BY code"
    )
    assert [(row["code"], row["count"]) for row in counts] == [
        ("missing_field", 10),
        ("not_json", 10),
        ("out_of_range", 10),
    ]


def test_clocks_that_are_ahead_do_no_harm(connection: Connection) -> None:
    """GIVEN records from a clock five minutes ahead WHEN they are stored
    THEN the rows are there and their lag is 0, not negative."""
    start = datetime.now(UTC) + timedelta(minutes=5)
    counts = store.ingest(connection, cohort.records(10, start=start))
    assert (counts.inserted, counts.lag_p50, counts.lag_p95) == (10, 0.0, 0.0)
