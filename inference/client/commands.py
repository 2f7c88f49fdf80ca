"""The client's commands."""

import argparse
import json
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from inference.aws import client
from inference.client import ClientUsageError, waiting
from inference.client.patience import PatientClient
from inference.stream.identity import prediction_id
from inference.stream.reader import OLDEST, StreamReader

SAMPLE = Path(__file__).with_name("sample_event.json")


def put_record(options: argparse.Namespace) -> int:
    """Send one record as it is, and on request wait for its answer."""
    data = _read(options.file)
    name = named(options.students_stream, "students")
    kinesis = patient(options)
    since = datetime.now(timezone.utc) - timedelta(seconds=1)
    key = options.partition_key or _partition_key(data)
    sent = kinesis.put_record(StreamName=name, Data=data, PartitionKey=key)
    print(f"sent to {sent['ShardId']} as {sent['SequenceNumber']}", file=sys.stderr)
    if options.wait:
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        wanted = prediction_id(summary["StreamARN"], sent["ShardId"], sent["SequenceNumber"])
        answer = _awaited(_reader(options, since), wanted, options.wait)
        print(json.dumps(answer, indent=2))
    return 0


def _awaited(reader: StreamReader, wanted: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    for records in reader.rounds():
        for answer in map(_parsed, (record["Data"] for record in records)):
            if answer.get("prediction_id") == wanted:
                return answer
        if time.monotonic() > deadline:
            break
    raise ClientUsageError(f"no answer within {seconds:g} seconds; {waiting.reason()}")


def predictions(options: argparse.Namespace) -> int:
    """Print answers, each prediction id once."""
    since = None
    if options.since is not None:
        since = datetime.now(timezone.utc) - timedelta(seconds=options.since)
    seen: set[str] = set()
    idle = 0
    for records in _reader(options, since).rounds():
        idle = 0 if records else idle + 1
        for record in records:
            answer = _parsed(record["Data"])
            identity = str(answer.get("prediction_id"))
            if identity in seen:
                continue
            seen.add(identity)
            print(json.dumps(answer) if options.json else printable(line(answer)), flush=True)
            if options.limit and len(seen) >= options.limit:
                return 0
        if idle > 1 and not options.follow:
            print(f"{len(seen)} answers", file=sys.stderr)
            return 0
    return 0


def printable(text: str) -> str:
    """Return ``text`` with every character escaped that could steer a terminal."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def line(answer: dict[str, Any]) -> str:
    """Return one answer as a line of text."""
    at = answer.get("event_time", "")
    if answer.get("status") == "ok":
        said = answer["prediction"]
        sure = said["probabilities"][said["grade"]]
        return (
            f"{at}  {said['student_id']!s:>10}  {said['grade']}  GPA {said['GPA']:.2f}"
            f"  p={sure:.2f}  version {answer['version']}"
        )
    codes = ", ".join(
        f"{error['code']} ({error['field']})" if error["field"] else error["code"]
        for error in answer.get("errors", [])
    )
    return f"{at}  {answer.get('student_id')!s:>10}  rejected: {codes}"


def _reader(options: argparse.Namespace, since: datetime | None) -> StreamReader:
    name = named(options.predictions_stream, "predictions")
    return StreamReader(patient(options), name, since or OLDEST)


def patient(options: argparse.Namespace) -> PatientClient:
    """Return the client of Kinesis that bears with a slow endpoint for ``options.patience``."""
    return PatientClient(
        client("kinesis", read_seconds=read_seconds(options.patience)), options.patience
    )


def read_seconds(patience: float) -> float:
    """Return how long one attempt may wait for bytes: the patience holds about three."""
    return min(20.0, max(0.1, patience / 3))


def named(name: str | None, which: str) -> str:
    """Return the stream's name; raises ClientUsageError where none is given."""
    if not name:
        variable = f"{which.upper()}_STREAM_NAME"
        raise ClientUsageError(f"name the stream by --{which}-stream or {variable}")
    return name


def _read(file: Path | None) -> bytes:
    file = file or SAMPLE
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise ClientUsageError(f"{file}: {error.strerror}") from error


def _partition_key(data: bytes) -> str:
    identity = _parsed(data).get("student_id")
    return str(identity)[:256] if isinstance(identity, (int, str)) and identity != "" else "student"


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
