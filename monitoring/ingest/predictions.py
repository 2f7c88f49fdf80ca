"""The predictions table as a sink: a batch of stream records in, rows and counts out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from contract.features import FEATURE_NAMES
from monitoring.ingest import csv_rows
from monitoring.ingest.batch import Counts, DeadLetter, StreamRecord, dead_letter
from monitoring.ingest.record import Rejected, Scored, UnreadableError
from monitoring.ingest.record import decode as decode_record
from monitoring.storage import database, tombstones
from monitoring.storage.events import note

AHEAD: Final = timedelta(days=1)
"""How far a record's clock may be ahead of the database's before it cannot be believed."""
BEHIND: Final = timedelta(days=400)
"""Kinesis keeps at most 365 days; anything older is not an arrival time."""

_P_COLUMNS: Final = (
    "prediction_id, event_time, predicted_at, student_id, version, grade_class, gpa,"
    " p_a, p_b, p_c, p_d, p_f, " + ", ".join(f'"{name}"' for name in FEATURE_NAMES)
)
_R_COLUMNS: Final = "prediction_id, event_time, predicted_at, version, codes, fields"
# features come in as they are in JSON, 2 or 2.0; the insert casts them to the table's types
_TEMPORARY: Final = {
    "predictions": _P_COLUMNS.replace('",', '"::real,') + "::real",
    "rejections": _R_COLUMNS,
}


class Batch(NamedTuple):
    """Decoded records of one read, ready to be written."""

    records: int
    scored: list[Scored]
    rejected: list[Rejected]
    dead: list[DeadLetter]


def decode(records: Sequence[StreamRecord], now: datetime) -> Batch:
    """Decode a read; what cannot be read or carries an impossible time becomes a dead letter."""
    batch = Batch(len(records), [], [], [])
    oldest, newest = now - BEHIND, now + AHEAD
    for record in records:
        try:
            row = decode_record(record.data)
        except UnreadableError as error:
            batch.dead.append(dead_letter(record, error.code, str(error)))
            continue
        if not (oldest < row.event_time < newest and oldest < row.predicted_at < newest):
            reason = "event_time or predicted_at is more than a day ahead or 400 days back"
            batch.dead.append(dead_letter(record, "implausible_time", reason))
        elif isinstance(row, Scored):
            batch.scored.append(row)
        else:
            batch.rejected.append(row)
    return batch


def _array(values: Sequence[str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _copy(cursor: Cursor, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows into the session's temporary twin of ``table``."""
    cursor.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS incoming_{table} ON COMMIT DELETE ROWS"
        f" AS SELECT {_TEMPORARY[table]} FROM {database.SCHEMA}.{table} WITH NO DATA"
    )
    csv_rows.copy(cursor, f"incoming_{table}", rows)


def stage(cursor: Cursor, batch: Batch) -> None:
    """Bring the batch to the server; nothing is visible yet and no lock is held."""
    if batch.scored:
        _copy(cursor, "predictions", ((*row[:7], *row[7], *row[8]) for row in batch.scored))
    if batch.rejected:
        lists = ((*row[:4], _array(row.codes), _array(row.fields)) for row in batch.rejected)
        _copy(cursor, "rejections", lists)


def write(cursor: Cursor, batch: Batch) -> Counts:
    """Move staged rows into the tables, each prediction_id once, inside the caller's transaction.

    The caller holds the ingest lock. Only rows that are new are counted, so figures stay true
    under redelivery. Source of the method: measured, COPY and INSERT .. ON CONFLICT reach 49,000
    rows/s where execute_values reaches 16,000.
    """
    inserted = rejected = 0
    batch = _without_forgotten(cursor, batch)
    known: list[Scored | Rejected] = [*batch.scored, *batch.rejected]
    times = [row.event_time for row in known]
    if times:
        cursor.execute("SELECT ensure_partitions(%s, %s)", (min(times), max(times)))
    if batch.scored:
        cursor.execute(
            f"INSERT INTO predictions ({_P_COLUMNS}) SELECT {_P_COLUMNS}"
            " FROM incoming_predictions ON CONFLICT DO NOTHING"
        )
        inserted = cursor.rowcount
        first: dict[str, datetime] = {}
        for row in batch.scored:
            first[row.version] = min(row.event_time, first.get(row.version, row.event_time))
        for version, event_time in first.items():
            _meet(cursor, version, event_time)
    if batch.rejected:
        cursor.execute(
            f"INSERT INTO rejections ({_R_COLUMNS}) SELECT prediction_id, event_time, predicted_at,"
            " coalesce(nullif(version, ''), (SELECT version FROM model_versions ORDER BY first_seen"
            " DESC LIMIT 1), ''), codes, fields FROM incoming_rejections ON CONFLICT DO NOTHING"
            " RETURNING date_trunc('minute', event_time), version, codes, fields"
        )
        kept = cursor.fetchall()
        rejected = len(kept)
        _count_rejections(cursor, kept)
    slow, median = _lags(cursor, known)
    return Counts(
        batch.records,
        inserted,
        rejected,
        len(known) - inserted - rejected,
        len(batch.dead),
        median,
        slow,
    )


def _without_forgotten(cursor: Cursor, batch: Batch) -> Batch:
    """Leave out answers of students that are forgotten, and what will be said of these answers."""
    forgotten = tombstones.screen(cursor, {row.student_id for row in batch.scored})
    if not forgotten:
        return batch
    gone = [str(row.prediction_id) for row in batch.scored if row.student_id in forgotten]
    tombstones.extend(cursor, gone)
    cursor.execute(
        "DELETE FROM incoming_predictions WHERE prediction_id = ANY(%s::uuid[])", (gone,)
    )
    kept = [row for row in batch.scored if row.student_id not in forgotten]
    return batch._replace(scored=kept)


def _meet(cursor: Cursor, version: str, event_time: datetime) -> None:
    cursor.execute(
        "INSERT INTO model_versions (version, first_event) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (version, event_time),
    )
    if cursor.rowcount:
        text = f"Model version {version} answers for the first time"
        note(cursor, f"version:{version}", "version", version, text)


def _count_rejections(
    cursor: Cursor, kept: list[tuple[datetime, str, list[str], list[str]]]
) -> None:
    counts = Counter(
        (minute, version, code, field)
        for minute, version, codes, fields in kept
        for code, field in zip(codes, fields, strict=True)
    )
    execute_values(
        cursor,
        "INSERT INTO rejection_counts AS c (minute, version, code, field, count) VALUES %s"
        " ON CONFLICT (minute, version, code, field) DO UPDATE SET count = c.count + excluded.count",
        [(*key, counts[key]) for key in sorted(counts)],  # one order for all writers: no deadlock
    )


def _lags(cursor: Cursor, rows: list[Scored | Rejected]) -> tuple[float, float] | tuple[None, None]:
    """Return seconds from prediction to now, p95 and median; a clock that is ahead counts as 0."""
    if not rows:
        return None, None
    now = database.scalar(cursor, "SELECT clock_timestamp()")
    times = sorted(row.predicted_at for row in rows)
    places = (len(times) - 1 - int(len(times) * 0.95), (len(times) - 1) // 2)
    slow, median = (max(0.0, (now - times[max(0, k)]).total_seconds()) for k in places)
    return slow, median
