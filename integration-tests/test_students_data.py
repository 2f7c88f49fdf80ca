"""One student through the whole service, then forgotten: no store, file or log keeps him."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contract.features import DEMOGRAPHICS, FEATURE_NAMES
from localcloud.configuration import REPOSITORY
from localcloud.provision import client
from localcloud.service import python_of
from localcloud.stack import Options, Stack
from monitoring.ingest.labels import Label
from monitoring.storage import database
from monitoring.storage.migrate import migrate
from tests.localcloud.support.deployment import write_variables
from tests.monitoring.support import cohort, store

pytestmark = [pytest.mark.slow, pytest.mark.embedded, pytest.mark.timeout(900)]
CANARY = 7_391_846_205
HOURS = 13.371337
TRACES = (str(CANARY).encode(), struct.pack("<q", CANARY), struct.pack("<d", HOURS), b"13.371337")


@pytest.fixture(name="stack")
def _stack(tmp_path: Path) -> Iterator[Stack]:
    """A local cloud of this test's own, whose files are searched."""
    options = Options(write_variables(tmp_path))
    with Stack(tmp_path / "state", services=("postgres", "mlflow"), options=options) as stack:
        yield stack


def school(path: Path) -> pd.DataFrame:
    """Write a students file in which one row is the student's, and return its rows."""
    frame = cohort.students(400, 5)
    frame.insert(0, "StudentID", np.arange(1, 401))
    for name in DEMOGRAPHICS:
        values = {"Age": (15, 16, 17, 18), "Gender": (0, 1), "Ethnicity": (0, 1, 2, 3)}[name]
        frame[name] = np.random.default_rng(len(name)).choice(values, 400)
    frame.loc[7, ["StudentID", "StudyTimeWeekly"]] = [CANARY, HOURS]
    frame["StudentID"] = frame["StudentID"].astype("int64")
    frame.to_csv(path, index=False)
    return frame


def run(stack: Stack, *command: str, **environment: str) -> str:
    """Run a program in the stack's environment; return what it says."""
    done = subprocess.run(
        [*command],
        env={**os.environ, **stack.environment, **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def objects(stack: Stack) -> dict[str, bytes]:
    """Return every object of both buckets."""
    s3 = client("s3", stack.environment)
    found = {}
    for bucket in (stack.environment["ARTIFACT_BUCKET"], stack.environment["MODEL_BUCKET"]):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", ()):
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                found[f"{bucket}/{item['Key']}"] = body
    return found


def with_his_values(found: dict[str, bytes]) -> set[str]:
    """Return the objects that hold his id or his study time, tables read."""
    named = {key for key, data in found.items() if any(trace in data for trace in TRACES)}
    for key, data in found.items():
        if key.endswith(".parquet"):
            frame = pd.read_parquet(io.BytesIO(data))
            if (frame["StudyTimeWeekly"] == HOURS).any():
                named.add(key)
            assert not (frame["student_id"].astype(str) == str(CANARY)).any(), key
    return named


def files_of(state: Path) -> list[Path]:
    """Return the files below ``state`` that hold a trace, the write-ahead log of Postgres apart: it
    is written over by the server's own writes."""
    return [
        path
        for path in state.rglob("*")
        if path.is_file()
        and "pg_wal" not in path.parts
        and any(trace in path.read_bytes() for trace in TRACES)
    ]


def test_a_forgotten_student_is_in_no_store_file_or_log(stack: Stack, tmp_path: Path) -> None:
    """GIVEN a student who was trained on, answered and labelled WHEN forgotten THEN a search of every
    row, object, file and log finds nothing of his; before, it finds him."""
    frame, mage = school(tmp_path / "students.csv"), stack.state / "mage"
    arguments = ("--csv", str(tmp_path / "students.csv"), "--trials", "1", "--repeats", "0")
    python = str(python_of("orchestrator"))
    run(stack, python, "-m", "orchestrator.run", *arguments, MAGE_DATA_DIR=str(mage))
    connection = database.connect(stack.environment["DATABASE_URL"])
    migrate(connection)
    records = list(cohort.predictions(frame[list(FEATURE_NAMES)].iloc[:10]))
    for record, student in zip(records, frame["StudentID"].tolist(), strict=False):
        record["prediction"]["student_id"] = student
    store.ingest(connection, cohort.encoded(iter(records)))
    now = datetime.now(UTC)
    store.label(connection, [Label(2, None, student_id=str(CANARY), known_at=now)])
    assert store.one(connection, "SELECT count(*) FROM ground_truth") == 1
    before = with_his_values(objects(stack))
    assert {key.rsplit("/", 1)[1] for key in before} >= {"audit.parquet"}

    assert files_of(stack.state)

    output = str(stack.state / "out")
    forget = (sys.executable, "-m", "monitoring", "forget", "--yes", "--output", output)
    said = run(stack, *forget, STUDENT=str(CANARY), MAGE_DATA_DIR=str(mage))
    assert str(CANARY) not in said
    (receipt,) = (stack.state / "out").iterdir()
    assert json.loads(receipt.read_text())["found"]["postgres"]["predictions"] == 1

    assert with_his_values(objects(stack)) == set()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL")
        cursor.execute("CHECKPOINT")
    connection.close()
    stack.stop()  # the emulator writes its state as it ends
    assert len(list(stack.state.rglob("*"))) > 500
    assert files_of(stack.state) == []
