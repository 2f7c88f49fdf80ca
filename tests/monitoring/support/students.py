"""A school's stores with one student of interest in all of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pandas as pd
from psycopg2.extensions import connection as Connection

from contract.pseudonym import pseudonym
from monitoring.ingest.labels import Label
from monitoring.students import key
from monitoring.students.forgetting import Stores
from tests.monitoring.support import cohort, store
from tests.monitoring.support.cloud import Cloud

CANARY = "canary-7391"
HOURS = 13.371337
"""A value that nobody else has: the student's study time."""
DATASET = "datasets/abc/train.parquet"


def answers(count: int = 6, space: str = "test", **changes: Any) -> list[bytes]:
    """Return answers of which every second one is the student's."""
    records = list(cohort.predictions(cohort.students(count, 5), space=space))
    for record in records[::2]:
        record["prediction"]["student_id"] = CANARY
        record["features"] |= {"StudyTimeWeekly": HOURS, **changes}
    return [json.dumps(record).encode() for record in records]


def prediction_of(data: bytes) -> str:
    """Return an answer's id."""
    return str(json.loads(data)["prediction_id"])


def table(name: str, rows: int = 5) -> bytes:
    """Return a data set of which one row is the student's, if he has a name."""
    frame = cohort.students(rows, 3)
    frame.insert(0, "student_id", [f"other-{k}" for k in range(rows)])
    if name:
        frame.loc[1, ["student_id", "StudyTimeWeekly"]] = [name, HOURS]
    body = io.BytesIO()
    frame.to_parquet(body, index=False)
    return body.getvalue()


def read(data: bytes) -> pd.DataFrame:
    """Return a data set's rows."""
    return pd.read_parquet(io.BytesIO(data))


def stores_of(cloud: Cloud, wrap: Callable[[Any], Any] = lambda client: client) -> Stores:
    """Return the stores of a test."""
    return Stores(
        wrap(cloud.client("s3")), cloud.bucket, cloud.client("kinesis"), ("gone", cloud.stream)
    )


def fill(connection: Connection, cloud: Cloud) -> list[bytes]:
    """Bring the student everywhere: predictions, labels, conflicts, waiting labels, data sets of
    this release and of an earlier one, overwritten and deleted versions. Return the answers."""
    records = answers()
    store.ingest(connection, records)
    his, others = prediction_of(records[0]), prediction_of(records[1])
    labels = [Label(2, None, prediction_id=name) for name in (his, others)]  # type: ignore[arg-type]
    store.label(connection, labels)
    store.label(connection, [labels[0]._replace(grade_class=3)])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pending_labels (label_key, student_id, known_at, grade_class, source)"
            " VALUES ('a', %s, now(), 1, 'test'), ('b', 'other', now(), 1, 'test')",
            (CANARY,),
        )
    connection.commit()
    s3 = cloud.client("s3")
    s3.put_bucket_versioning(Bucket=cloud.bucket, VersioningConfiguration={"Status": "Enabled"})
    name = pseudonym(key.load(s3, cloud.bucket), CANARY)
    for put, body in (
        (DATASET, table(name)),
        (DATASET, table(name, 7)),
        ("datasets/old/train.parquet", table(CANARY)),
        ("datasets/expired/audit.parquet", table(name)),
        ("datasets/latest.json", b"{}"),
        ("reference/1.parquet", table(name)),
        ("reference/2.parquet", table("")),
    ):
        s3.put_object(Bucket=cloud.bucket, Key=put, Body=body)
    s3.delete_object(Bucket=cloud.bucket, Key="datasets/expired/audit.parquet")
    return records


def everything(connection: Connection) -> str:
    """Return every row of every table as text, large values included."""
    tables = store.fetch(
        connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'monitoring'"
    )
    assert len(tables) > 10
    rows = [store.fetch(connection, f'SELECT t::text FROM "{t["tablename"]}" t') for t in tables]
    return "\n".join(row["t"] for found in rows for row in found)


def every_version(cloud: Cloud) -> list[tuple[str, bytes]]:
    """Return key and bytes of every version of every object."""
    s3 = cloud.client("s3")
    found = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=cloud.bucket):
        for version in page.get("Versions", ()):
            where = {"Bucket": cloud.bucket, "Key": version["Key"]}
            if version["VersionId"] != "null":
                where["VersionId"] = version["VersionId"]
            found.append((version["Key"], s3.get_object(**where)["Body"].read()))
    return found


def empty(cloud: Cloud) -> None:
    """Delete every version and marker, so that the bucket can go."""
    s3 = cloud.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=cloud.bucket):
        for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            s3.delete_object(
                Bucket=cloud.bucket, Key=version["Key"], VersionId=version["VersionId"]
            )


class Dying:
    """A client of which one write kills the process: before it, or after."""

    def __init__(self, client: Any, writes: int, after: bool) -> None:
        self._client, self._left, self._after = client, writes, after

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in ("put_object", "delete_object"):
            return call

        def write(**arguments: Any) -> Any:
            self._left -= 1
            if self._left < 0 and not self._after:
                raise SystemExit
            answer = call(**arguments)
            if self._left < 0:
                raise SystemExit
            return answer

        return write
