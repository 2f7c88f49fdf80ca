"""What the auditor collects at the end: the database, the failure queue, logs, processes."""

import csv
import mmap
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from localcloud.soak.books import Books
from monitoring.ingest import label_file
from monitoring.storage import database

_MANY = 10_000


class _Lines:
    """A file for COPY ... TO that hands on what is written, in whole lines."""

    def __init__(self, take: Callable[[list[bytes]], object]) -> None:
        self._take, self._rest = take, b""

    def write(self, data: bytes) -> int:
        """Take a piece."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines:
            self._take(lines)
        return len(data)


def read_stored(url: str, books: Books) -> None:
    """Tell the books of every row of predictions and rejections."""
    both = "SELECT prediction_id FROM predictions UNION ALL SELECT prediction_id FROM rejections"
    lines = _Lines(lambda found: books.store(line.decode() for line in found))
    with closing(database.connect(url)) as connection, connection.cursor() as cursor:
        cursor.copy_expert(f"COPY ({both}) TO STDOUT", lines)


def read_database(url: str, needles: Sequence[bytes], labels: Collection[str]) -> list[str]:
    """Return what stands in the database and should not, and labels that are not there once."""
    findings, leaks = [], 0

    def look(lines: list[bytes]) -> None:
        nonlocal leaks
        leaks += sum(any(needle in line for needle in needles) for line in lines)

    with closing(database.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relpersistence <> 't'"
            " AND relnamespace NOT IN"
            " ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
        )
        for (table,) in cursor.fetchall():
            cursor.copy_expert(f"COPY {table} TO STDOUT", _Lines(look))
        dead = database.scalar(cursor, "SELECT count(*) FROM dead_letters")
        cursor.execute("SELECT prediction_id::text FROM ground_truth")
        graded = sorted(row[0] for row in cursor.fetchall())
    if leaks:
        findings.append(f"{leaks:,} rows of the database hold a demographic value or free text")
    if dead:
        findings.append(f"{dead:,} answers are dead letters")
    if graded != sorted(labels):
        findings.append(f"{len(graded):,} late labels are stored, {len(labels):,} were given")
    return findings


def load_labels(url: str, path: Path, identities: Iterable[str]) -> None:
    """Give true grades for predictions, some of which monitoring may not have stored yet."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["prediction_id", "GradeClass"])
        writer.writerows([identity, 2] for identity in identities)
    with closing(database.connect(url)) as connection:
        label_file.load(connection, path)


def given_up(sqs: Any, url: str) -> list[str]:
    """Return what stands in the failure queue, in words."""
    records = 0
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            records += msgspec.json.decode(message["Body"])["KinesisBatchInfo"]["batchSize"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [f"{records:,} records were given up to the failure queue"] if records else []


def read_logs(folder: Path, needles: Sequence[bytes]) -> list[str]:
    """Return which logs hold a needle, in words."""
    findings = []
    for path in sorted(folder.glob("*.log")):
        if not path.stat().st_size:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if any(text.find(needle) >= 0 for needle in needles):
                findings.append(f"{path.name} holds a demographic value or free text")
    return findings
