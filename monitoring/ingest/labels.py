"""Ground truth: true grades that arrive late, from a file or a stream, stored once each.

A label names its prediction by prediction_id, or by student_id and the time the grade was known:
then it belongs to the student's latest prediction up to that time. The first label of a
prediction stays; a different one later is a conflict for a person to settle, never an overwrite.
"""

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from contract.grades import GPA_RANGE, GRADES, grade_class
from contract.pseudonym import student_key
from monitoring.errors import LabelError
from monitoring.ingest import csv_rows
from monitoring.ingest.batch import Counts, DeadLetter, StreamRecord, dead_letter
from monitoring.ingest.record import as_real
from monitoring.storage import database, tombstones

_EXACT_FLOAT: Final = 2.0**53

LABEL_SCHEMA: Final = "student-performance.label/1"


class Label(NamedTuple):
    """A true grade: for ``prediction_id``, or for ``student_id`` as known at ``known_at``."""

    grade_class: int
    gpa: float | None
    prediction_id: UUID | None = None
    student_id: str | None = None
    known_at: datetime | None = None

    @property
    def key(self) -> str:
        """Return a digest that is the same for the same label and another for any other."""
        parts = (self.prediction_id, self.student_id, self.known_at, self.grade_class, self.gpa)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """Whom and what the label is about."""
        return tuple(str(name) for name in (self.prediction_id, self.student_id) if name)


class LabelCounts(NamedTuple):
    """What became of labels: stored now, known already, in conflict, still without a prediction."""

    stored: int = 0
    known: int = 0
    conflicts: int = 0
    pending: int = 0


class Wire(msgspec.Struct):
    """A label as it is written: on the stream, or a row of a file."""

    schema: str = LABEL_SCHEMA
    prediction_id: UUID | None = None
    student_id: str | int | float | None = None
    time: datetime | None = None
    GradeClass: int | None = None
    GPA: float | None = None


_DECODER: Final = msgspec.json.Decoder(Wire)


def make_label(wire: Any) -> Label:
    """Check one label; raises LabelError naming the field and what is accepted."""
    if wire.schema != LABEL_SCHEMA:
        raise LabelError(f"schema: accepted is {LABEL_SCHEMA}")
    gpa, grade = wire.GPA, wire.GradeClass
    low, high = GPA_RANGE
    if gpa is not None and not (math.isfinite(gpa) and low <= gpa <= high):
        raise LabelError(f"GPA: accepted is a number from {low:g} to {high:g}")
    if gpa is not None:
        gpa = as_real(gpa)
    if grade is None:
        if gpa is None:
            raise LabelError("GradeClass: missing (a GPA alone would do, too)")
        grade = grade_class(gpa)
    if not 0 <= grade < len(GRADES):
        raise LabelError(f"GradeClass: accepted are whole numbers 0-{len(GRADES) - 1}")
    if wire.prediction_id is not None:
        return Label(grade, gpa, prediction_id=wire.prediction_id)
    if wire.student_id is None or wire.time is None:
        raise LabelError("prediction_id, or student_id and time, must say whose label it is")
    if isinstance(wire.student_id, float) and abs(wire.student_id) >= _EXACT_FLOAT:
        raise LabelError("student_id: written with a point, it must be below 2^53 to be exact")
    if wire.time.tzinfo is None:
        raise LabelError("time: needs a time zone, 2026-06-30T12:00:00Z")
    return Label(grade, gpa, student_id=student_key(wire.student_id), known_at=wire.time)


def apply(cursor: Cursor, labels: Sequence[Label], source: str) -> LabelCounts:
    """Store labels inside the caller's transaction; the caller holds the ingest lock.

    Idempotent: the same file or record again changes nothing. Labels whose prediction is not here
    stay pending and are tried again by ``resolve_pending``.
    """
    if not labels:
        return LabelCounts()
    cursor.execute(
        "CREATE TEMP TABLE IF NOT EXISTS incoming_labels (label_key text, prediction_id uuid,"
        " student_id text, known_at timestamptz, grade_class smallint, gpa real)"
    )
    cursor.execute("TRUNCATE incoming_labels")
    names = {name for label in labels for name in label.names}
    forgotten = tombstones.screen(cursor, names)
    distinct = {label.key: label for label in labels if forgotten.isdisjoint(label.names)}
    csv_rows.copy(
        cursor,
        "incoming_labels",
        (
            (
                key,
                label.prediction_id,
                label.student_id,
                label.known_at,
                label.grade_class,
                label.gpa,
            )
            for key, label in distinct.items()
        ),
    )
    return _resolve(cursor, source)


def _resolve(cursor: Cursor, source: str) -> LabelCounts:
    """Join incoming labels with predictions: store, count, and keep what has none."""
    cursor.execute("DROP TABLE IF EXISTS resolved_labels")
    cursor.execute(
        "CREATE TEMP TABLE resolved_labels AS"
        " SELECT i.*, p.prediction_id AS target, p.event_time, p.version FROM incoming_labels i"
        " LEFT JOIN LATERAL (SELECT q.prediction_id, q.event_time, q.version FROM predictions q"
        "  WHERE q.prediction_id = i.prediction_id LIMIT 1) p ON true"
        " WHERE i.prediction_id IS NOT NULL UNION ALL"
        " SELECT i.*, p.prediction_id, p.event_time, p.version FROM incoming_labels i"
        " LEFT JOIN LATERAL (SELECT q.prediction_id, q.event_time, q.version FROM predictions q"
        "  WHERE q.student_id = i.student_id AND q.event_time <= i.known_at"
        "  ORDER BY q.event_time DESC, q.prediction_id LIMIT 1) p ON true"
        " WHERE i.prediction_id IS NULL"
    )
    cursor.execute(
        "INSERT INTO ground_truth (prediction_id, event_time, version, grade_class, gpa, source)"
        " SELECT target, event_time, version, grade_class, gpa, %s FROM resolved_labels"
        " WHERE target IS NOT NULL ORDER BY event_time, target, label_key"
        " ON CONFLICT (prediction_id) DO NOTHING",
        (source,),
    )
    stored = cursor.rowcount
    if stored:
        cursor.execute(
            "INSERT INTO label_counts AS c (minute, source, count)"
            " VALUES (date_trunc('minute', now()), %s, %s) ON CONFLICT (minute, source)"
            " DO UPDATE SET count = c.count + excluded.count",
            (source, stored),
        )
    cursor.execute(
        "INSERT INTO label_conflicts (prediction_id, kept_class, kept_gpa, offered_class,"
        " offered_gpa, source) SELECT g.prediction_id, g.grade_class, g.gpa, r.grade_class, r.gpa,"
        " %s FROM resolved_labels r JOIN ground_truth g ON g.prediction_id = r.target"
        " WHERE g.grade_class <> r.grade_class"
        " OR (r.gpa IS NOT NULL AND g.gpa IS DISTINCT FROM r.gpa) ON CONFLICT DO NOTHING",
        (source,),
    )
    conflicts = cursor.rowcount
    cursor.execute(
        "INSERT INTO pending_labels (label_key, prediction_id, student_id, known_at, grade_class,"
        " gpa, source) SELECT label_key, prediction_id, student_id, known_at, grade_class, gpa, %s"
        " FROM resolved_labels WHERE target IS NULL ON CONFLICT DO NOTHING",
        (source,),
    )
    pending = int(
        database.scalar(cursor, "SELECT count(*) FROM resolved_labels WHERE target IS NULL")
    )
    cursor.execute(
        "DELETE FROM pending_labels p USING resolved_labels r"
        " WHERE p.label_key = r.label_key AND r.target IS NOT NULL"
    )
    total = int(database.scalar(cursor, "SELECT count(*) FROM resolved_labels"))
    return LabelCounts(stored, total - stored - conflicts - pending, conflicts, pending)


class LabelBatch(NamedTuple):
    """Decoded label records of one read."""

    records: int
    labels: list[Label]
    dead: list[DeadLetter]


class LabelSink:
    """The labels stream's sink: the same exactly-once consumer, another table."""

    def __init__(self, stream: str) -> None:
        self._source = f"stream {stream}"

    def decode(self, records: Sequence[StreamRecord], now: datetime) -> LabelBatch:
        """Decode label records; ``now`` plays no part, a label may be about any time."""
        del now
        batch = LabelBatch(len(records), [], [])
        for record in records:
            try:
                batch.labels.append(make_label(_DECODER.decode(record.data)))
            except LabelError as error:
                batch.dead.append(dead_letter(record, error.code, str(error)))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                batch.dead.append(dead_letter(record, "monitoring.label", "not a label record"))
        return batch

    def stage(self, cursor: Cursor, batch: LabelBatch) -> None:
        """Nothing to bring ahead: labels are few."""

    def write(self, cursor: Cursor, batch: LabelBatch) -> Counts:
        """Store the labels; see ``apply``."""
        counts = apply(cursor, batch.labels, self._source)
        return Counts(batch.records, counts.stored, 0, counts.known, len(batch.dead))


def resolve_pending(connection: Connection) -> int:
    """Try pending labels again; return how many have found their prediction since."""
    with database.transaction(connection) as cursor:
        if database.scalar(cursor, "SELECT 1 FROM pending_labels LIMIT 1") is None:
            return 0
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.INGEST_LOCK,))
        cursor.execute("DROP TABLE IF EXISTS incoming_labels")
        cursor.execute(
            "CREATE TEMP TABLE incoming_labels AS SELECT label_key, prediction_id, student_id,"
            " known_at, grade_class, gpa FROM pending_labels ORDER BY received_at LIMIT 100000"
        )
        counts = _resolve(cursor, "pending")
    return counts.stored + counts.known + counts.conflicts
