"""Labels from a CSV file: checked row by row, all or nothing, safe to load twice."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from psycopg2.extensions import connection as Connection
from tqdm import tqdm

from monitoring.errors import LabelError
from monitoring.ingest.labels import Label, LabelCounts, Wire, apply, make_label
from monitoring.storage import database

_COLUMNS: Final = ("prediction_id", "student_id", "time", "GradeClass", "GPA")
_CHUNK: Final = 5000


def _value(name: str, text: str) -> Any:
    if name == "GradeClass":
        number = float(text)
        return int(number) if number.is_integer() else text
    return float(text) if name == "GPA" else text


def read(path: Path) -> Iterator[Label]:
    """Yield the labels of a file; raises LabelError naming file, line and column."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            known = [name for name in reader.fieldnames or () if name in _COLUMNS]
            if not {"prediction_id", "student_id"} & set(known) or not (
                {"GradeClass", "GPA"} & set(known)
            ):
                raise LabelError(
                    f"{path}: columns are prediction_id or student_id and time, and GradeClass"
                    f" and/or GPA; found: {', '.join(reader.fieldnames or ()) or 'none'}"
                )
            for row in reader:
                yield _label(path, reader.line_num, {name: row.get(name) or "" for name in known})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{path}: cannot be read: {error}") from error


def _label(path: Path, line: int, row: dict[str, str]) -> Label:
    values: dict[str, Any] = {}
    for name, text in row.items():
        if not text.strip():
            continue
        try:
            values[name] = _value(name, text.strip())
        except ValueError as error:
            raise LabelError(f"{path}, line {line}, {name}: not a number") from error
    try:
        return make_label(msgspec.convert(values, Wire))
    except msgspec.ValidationError as error:
        raise LabelError(f"{path}, line {line}: {error}") from error
    except LabelError as error:
        raise LabelError(f"{path}, line {line}, {error}") from error


def load(connection: Connection, path: Path) -> str:
    """Load a file in one transaction and return a sentence saying what became of its labels."""
    total = [0, 0, 0, 0]
    source = f"file {path.name}"
    labels = list(read(path))
    with database.transaction(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (database.INGEST_LOCK,))
        with tqdm(total=len(labels), unit="label", disable=not sys.stderr.isatty()) as bar:
            for start in range(0, len(labels), _CHUNK):
                chunk = labels[start : start + _CHUNK]
                counts = apply(cursor, chunk, source)
                total = [old + new for old, new in zip(total, counts, strict=True)]
                bar.update(len(chunk))
    became = LabelCounts(*total)
    return (
        f"{len(labels)} labels: {became.stored} stored, {became.known} known already,"
        f" {became.conflicts} in conflict (the first stays; see label_conflicts),"
        f" {became.pending} without a prediction yet"
    )
