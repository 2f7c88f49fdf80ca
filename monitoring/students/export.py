"""Everything kept on a student, as one document."""

from typing import Any

import msgspec
from psycopg2.extensions import connection as Connection

from contract.pseudonym import student_key
from monitoring.storage import database
from monitoring.students import objects, tables
from monitoring.students.forgetting import Stores, names

SCHEMA = "student-performance.export/1"


def export(connection: Connection, stores: Stores, student: str) -> dict[str, Any]:
    """Return the rows of a student from Postgres, and from every version of every data set."""
    student = student_key(student)
    with database.transaction(connection) as cursor:
        tables.ask(cursor, student)
        in_postgres = tables.export(cursor)
    return {
        "schema": SCHEMA,
        "student_id": student,
        "postgres": msgspec.to_builtins(in_postgres),
        "s3": [
            {
                "key": held.key,
                "version": held.version,
                "rows": msgspec.json.decode(held.rows.to_json(orient="records")),
            }
            for held in objects.find(stores.s3, stores.bucket, names(stores, student))
        ],
    }
