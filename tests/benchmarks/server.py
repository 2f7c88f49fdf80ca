"""A Postgres server for a benchmark."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg2.extensions import connection as Connection

from localcloud.services.postgres import DATABASE, Postgres
from monitoring.storage import database
from monitoring.storage.migrate import migrate


@contextmanager
def postgres() -> Iterator[tuple[str, Connection]]:
    """A server of its own with the schema in place."""
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    folder.chmod(0o711)
    try:
        with Postgres(folder) as server:
            url = server.address(DATABASE)
            connection = database.connect(url)
            migrate(connection)
            yield url, connection
            connection.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
