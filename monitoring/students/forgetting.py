"""Forget a student: out of Postgres, out of the data sets with their old versions, and kept out.

Every step can be repeated. The first one, a single transaction, notes what was found, keeps new
answers out and deletes the rows; a death later leaves a receipt that is not finished, and the next
run goes on from what it finds.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError
from psycopg2.extensions import connection as Connection

from contract.pseudonym import pseudonym, student_key
from monitoring.clients import error_code
from monitoring.errors import StudentsError
from monitoring.storage import database, tombstones
from monitoring.students import caches, key, objects, receipt, tables


class Stores(NamedTuple):
    """Where students' data is, besides the database."""

    s3: Any
    bucket: str
    kinesis: Any
    streams: tuple[str, ...]
    mage: Path | None = None


def survey(connection: Connection, stores: Stores, student: str) -> dict[str, dict[str, int]]:
    """Return how many rows each table and each object version holds; changes nothing."""
    student = student_key(student)
    with database.transaction(connection) as cursor:
        tables.ask(cursor, student)
        in_postgres = tables.count(cursor)
    in_objects: dict[str, int] = {}
    for held in objects.find(stores.s3, stores.bucket, names(stores, student)):
        in_objects[held.key] = in_objects.get(held.key, 0) + len(held.rows)
    return {"postgres": in_postgres, "s3": in_objects}


def forget(connection: Connection, stores: Stores, student: str) -> dict[str, Any]:
    """Erase a student and return the receipt; raises StudentsError if anything is left."""
    student = student_key(student)
    name = pseudonym(key.load(stores.s3, stores.bucket), student)
    hours = retention(stores)
    found = survey(connection, stores, student)
    with database.transaction(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.INGEST_LOCK,))
        tables.ask(cursor, student)
        found["postgres"] = tables.count(cursor)
        standing = receipt.newest(cursor, name)
        if standing is None or standing.finished_at is None or total(found):
            clear_at = _now(cursor) + timedelta(hours=sum(hours.values()))
            receipt.begin(cursor, name, clear_at, found)
            tombstones.add(cursor, [student, *tables.predictions(cursor)], clear_at)
        tables.erase(cursor)
    for held in objects.find(stores.s3, stores.bucket, (student, name)):
        objects.erase(stores.s3, stores.bucket, held)
    if stores.mage is not None:
        caches.clear(stores.mage)
    tables.vacuum(connection)
    left = total(survey(connection, stores, student))
    if left:
        raise StudentsError(f"{left} rows came back meanwhile (a training?): run this again")
    with database.transaction(connection) as cursor:
        receipt.finish(cursor, name)
        proof = receipt.newest(cursor, name)
        assert proof is not None
        return receipt.document(proof, hours, _now(cursor))


def names(stores: Stores, student: str) -> tuple[str, ...]:
    """Return by what names a student may go in the data sets; none made a pseudonym without a key."""
    found = key.find(stores.s3, stores.bucket)
    return (student,) if found is None else (student, pseudonym(found, student))


def retention(stores: Stores) -> dict[str, int]:
    """Return how many hours each stream keeps a record; one that is not there keeps none.

    A record may be answered at the end of its own, and the answer then stays for its stream's.
    """
    hours = {}
    for stream in filter(None, stores.streams):
        try:
            answer = stores.kinesis.describe_stream_summary(StreamName=stream)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            continue
        hours[stream] = int(answer["StreamDescriptionSummary"]["RetentionPeriodHours"])
    return hours


def total(found: dict[str, dict[str, int]]) -> int:
    """Return how many rows were found in all."""
    return sum(sum(rows.values()) for rows in found.values())


def _now(cursor: Any) -> datetime:
    now: datetime = database.scalar(cursor, "SELECT clock_timestamp()")
    return now
