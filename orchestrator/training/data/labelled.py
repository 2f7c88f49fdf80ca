"""Newly labelled predictions from Postgres: what became known since the last training."""

import pandas as pd
import psycopg2

from contract.features import DEMOGRAPHICS, FEATURE_NAMES, IDENTIFIER
from contract.grades import TARGET
from orchestrator.training.data.split import STUDENT
from orchestrator.training.data.students import RECENT_FLAG
from orchestrator.training.errors import ServiceError, VariableError

VIEW = "monitoring.labelled_predictions"
MOST = 5000
CONNECT_SECONDS = 10
STATEMENT_MILLISECONDS = 60_000
_COLUMNS = ", ".join(f'"{name}"' for name in (*FEATURE_NAMES, TARGET, "GPA", STUDENT))
QUERY = f"SELECT {_COLUMNS} FROM {VIEW} ORDER BY event_time DESC LIMIT %s"


def read_labelled(database_url: str) -> pd.DataFrame:
    """Return the newest MOST labelled predictions, newest first.

    Columns as a students file's, marked ``recent``; ``student`` is the digest of the stream's id,
    for the split alone: StudentID is a negative running number. Demographics are missing: they
    never leave training, so no prediction carries them. GPA may be missing. Raises ServiceError or
    VariableError.
    """
    if not database_url:
        raise VariableError("DATABASE_URL", "the address of the predictions' database (labelled)")
    try:
        connection = psycopg2.connect(
            database_url,
            connect_timeout=CONNECT_SECONDS,
            options=f"-c statement_timeout={STATEMENT_MILLISECONDS}",
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(QUERY, (MOST,))
                names = [column.name for column in cursor.description]
                rows = cursor.fetchall()
        finally:
            connection.close()
    except psycopg2.Error as error:
        # The message of a failed connection names host and user, which is what helps; the address
        # with its password is not part of it.
        raise ServiceError("Postgres", "DATABASE_URL", str(error).strip()) from error
    frame = pd.DataFrame(rows, columns=names)
    frame = frame.astype({name: float for name in (*FEATURE_NAMES, "GPA")})
    frame[TARGET] = frame[TARGET].astype("int64")
    frame[IDENTIFIER] = -1 - pd.RangeIndex(len(frame)).to_numpy()
    frame[RECENT_FLAG] = True
    return frame.assign(**{name: float("nan") for name in DEMOGRAPHICS})
