"""A student is given out whole, and forgotten everywhere: real Postgres, real objects and versions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from contract.pseudonym import KEY_FILE, pseudonym
from localcloud.configuration import REPOSITORY
from localcloud.services.postgres import Postgres
from monitoring.cli import main
from monitoring.ingest.labels import Label
from monitoring.storage import retention
from monitoring.students import key
from monitoring.students.export import export
from monitoring.students.forgetting import forget, survey, total
from tests.monitoring.support import store, students
from tests.monitoring.support.cloud import Cloud
from tests.monitoring.support.students import CANARY, HOURS, Dying

pytest_plugins = ["tests.monitoring.support.services"]
FOUND = {
    "postgres": {
        "pending_labels": 1,
        "label_conflicts": 1,
        "ground_truth": 1,
        "predictions": 3,
    },
    "s3": {
        "datasets/abc/train.parquet": 2,
        "datasets/old/train.parquet": 1,
        "datasets/expired/audit.parquet": 1,
        "reference/1.parquet": 1,
    },
}
NOTHING = {"postgres": dict.fromkeys(FOUND["postgres"], 0), "s3": {}}


@pytest.fixture(name="stored")
def stored_fixture(connection: Connection, cloud: Cloud) -> Iterator[list[bytes]]:
    """Stores that hold the student; the answers in them."""
    yield students.fill(connection, cloud)
    students.empty(cloud)


@pytest.fixture(name="school")
def school_fixture(cloud: Cloud, stored: list[bytes]) -> Cloud:
    """Where the stores are."""
    assert stored
    return cloud


def test_a_survey_counts_and_changes_nothing(school: Cloud, connection: Connection) -> None:
    """GIVEN a student in every store WHEN surveyed THEN each store's count, and all is as it was."""
    before = students.everything(connection), sorted(students.every_version(school))
    assert survey(connection, students.stores_of(school), CANARY) == FOUND
    assert (students.everything(connection), sorted(students.every_version(school))) == before
    assert total(survey(connection, students.stores_of(school), "nobody")) == 0


def test_a_forgotten_student_is_nowhere(school: Cloud, connection: Connection) -> None:
    """GIVEN a student in every store WHEN forgotten THEN no row and no version of an object holds
    the id, the pseudonym or a value of his; the others' rows are all there, and a receipt says so
    without naming him."""
    others = store.one(
        connection, "SELECT count(*) FROM predictions WHERE student_id <> %s", (CANARY,)
    )
    name = pseudonym(key.load(school.client("s3"), school.bucket), CANARY)
    receipt = forget(connection, students.stores_of(school), CANARY)
    assert survey(connection, students.stores_of(school), CANARY) == NOTHING
    held = students.everything(connection)
    assert CANARY not in held and f"{HOURS:.5f}" not in held
    assert store.one(connection, "SELECT count(*) FROM predictions") == others == 3
    assert store.one(connection, "SELECT count(*) FROM ground_truth") == 1
    assert store.one(connection, "SELECT count(*) FROM pending_labels") == 1
    lengths = {}
    for path, data in students.every_version(school):
        if path.endswith(".parquet"):
            frame = students.read(data)
            lengths.setdefault(path, []).append(len(frame))
            assert not frame["student_id"].isin([CANARY, name]).any()
            assert HOURS not in set(frame["StudyTimeWeekly"])
    assert lengths == {
        "datasets/abc/train.parquet": [6],
        "datasets/old/train.parquet": [4],
        "reference/1.parquet": [4],
        "reference/2.parquet": [5],
    }
    assert receipt["student"] == name and receipt["found"] == FOUND and receipt["left"] == 0
    assert CANARY not in json.dumps(receipt) and not receipt["complete"]
    waits = datetime.fromisoformat(receipt["clear_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < waits <= timedelta(hours=24)
    assert receipt["streams"] == {school.stream: 24}


def test_nothing_is_left_in_the_files_of_postgres(
    school: Cloud, connection: Connection, postgres_server: Postgres
) -> None:
    """GIVEN a student whom the planner's statistics know WHEN forgotten and the tables are rewritten
    THEN no data file holds the id."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            "SELECT count(*) FROM pg_stats WHERE most_common_vals::text LIKE %s", (f"%{CANARY}%",)
        )
        assert cursor.fetchone() != (0,)
        connection.autocommit = False
        forget(connection, students.stores_of(school), CANARY)
        connection.autocommit = True
        cursor.execute("VACUUM FULL")
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        (oid,) = cursor.fetchone()
    (folder,) = postgres_server.directory.glob(f"data-*/base/{oid}")
    files = [path for path in folder.iterdir() if path.is_file()]
    assert len(files) > 50
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]


def test_a_death_at_any_write_is_made_good_by_the_next_run(
    school: Cloud, connection: Connection
) -> None:
    """GIVEN a process that dies at its next write WHEN it is run again and again THEN it ends, and the
    receipt tells what the first run found."""
    deaths = 0
    while True:
        stores = students.stores_of(school, lambda s3: Dying(s3, deaths % 2, deaths % 3 == 0))
        try:
            receipt = forget(connection, stores, CANARY)
        except SystemExit:
            connection.rollback()
            deaths += 1
            assert deaths < 30
            continue
        break
    assert deaths >= 5
    assert receipt["found"] == FOUND and receipt["finished_at"]
    assert survey(connection, students.stores_of(school), CANARY) == NOTHING
    assert store.one(connection, "SELECT count(*) FROM forget_receipts") == 1
    again = forget(connection, students.stores_of(school), CANARY)
    assert again == receipt


def test_a_lost_transaction_leaves_all_or_nothing(school: Cloud, connection: Connection) -> None:
    """GIVEN a database that refuses the deletion WHEN forgetting fails THEN every row is there, no
    receipt is, and the next run does it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
            "CREATE TRIGGER no BEFORE DELETE ON ground_truth EXECUTE FUNCTION no()"
        )
    connection.commit()
    with pytest.raises(Exception, match="no"):
        forget(connection, students.stores_of(school), CANARY)
    assert survey(connection, students.stores_of(school), CANARY) == FOUND
    assert store.one(connection, "SELECT count(*) FROM forgotten") == 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER no ON ground_truth")
    connection.commit()
    assert forget(connection, students.stores_of(school), CANARY)["found"] == FOUND


def test_what_still_comes_from_the_streams_is_not_stored(
    school: Cloud, connection: Connection, stored: list[bytes]
) -> None:
    """GIVEN a forgotten student WHEN answers, old and new, and labels of theirs come from the streams
    THEN nothing is stored, the others' is; once the streams are clear he may come back."""
    old, new = stored, students.answers(space="later")
    forget(connection, students.stores_of(school), CANARY)
    assert store.ingest(connection, old).inserted == 0
    assert store.ingest(connection, new).inserted == 3
    now = datetime.now(UTC)
    labels = [
        Label(1, None, prediction_id=students.prediction_of(old[2])),  # type: ignore[arg-type]
        Label(1, None, prediction_id=students.prediction_of(new[0])),  # type: ignore[arg-type]
        Label(1, None, student_id=CANARY, known_at=now),
        Label(1, None, prediction_id=students.prediction_of(new[1])),  # type: ignore[arg-type]
    ]
    assert store.label(connection, labels) == (1, 0, 0, 0)
    assert survey(connection, students.stores_of(school), CANARY) == NOTHING
    with connection.cursor() as cursor:
        cursor.execute("UPDATE forgotten SET until = now() - interval '1 hour'")
        cursor.execute("UPDATE forget_receipts SET clear_at = now() - interval '1 hour'")
    connection.commit()
    retention.keep(connection, 400)
    assert forget(connection, students.stores_of(school), CANARY)["complete"]
    assert store.ingest(connection, students.answers(space="next year")).inserted == 6


def test_an_object_that_changed_meanwhile_is_not_overwritten(
    school: Cloud, connection: Connection
) -> None:
    """GIVEN a training that writes an object while it is rewritten WHEN forgotten THEN it is refused,
    nothing of the training's is lost, and the next run does it."""

    class Rival(Dying):
        """Another writer comes before the first write."""

        def __getattr__(self, name: str) -> Any:
            if name == "put_object" and self._left:
                self._left = 0
                self._client.put_object(
                    Bucket=school.bucket, Key=students.DATASET, Body=students.table(CANARY, 9)
                )
            return getattr(self._client, name)

    with pytest.raises(Exception, match="[Pp]recondition"):
        forget(connection, students.stores_of(school, lambda s3: Rival(s3, 1, False)), CANARY)
    forget(connection, students.stores_of(school), CANARY)
    (data,) = [data for name, data in students.every_version(school) if name == students.DATASET]
    assert len(students.read(data)) == 8


def test_a_bucket_without_versions_is_cleared_too(cloud: Cloud, connection: Connection) -> None:
    """GIVEN the local cloud's bucket, which keeps no versions WHEN forgotten THEN the object stays,
    without the student."""
    s3 = cloud.client("s3")
    s3.put_object(Bucket=cloud.bucket, Key=students.DATASET, Body=students.table(CANARY))
    assert survey(connection, students.stores_of(cloud), CANARY)["s3"] == {students.DATASET: 1}
    assert KEY_FILE not in dict(students.every_version(cloud)), "a survey makes no key"
    forget(connection, students.stores_of(cloud), CANARY)
    assert len(students.read(dict(students.every_version(cloud))[students.DATASET])) == 4


def test_an_export_holds_every_row(school: Cloud, connection: Connection) -> None:
    """GIVEN a student in every store WHEN exported THEN the rows of all tables and all versions, his
    alone."""
    document = json.loads(json.dumps(export(connection, students.stores_of(school), CANARY)))
    assert {name: len(rows) for name, rows in document["postgres"].items()} == FOUND["postgres"]
    counts: dict[str, int] = {}
    for each in document["s3"]:
        counts[each["key"]] = counts.get(each["key"], 0) + len(each["rows"])
        assert all(row["StudyTimeWeekly"] == HOURS for row in each["rows"])
    assert counts == FOUND["s3"]
    assert {row["student_id"] for row in document["postgres"]["predictions"]} == {CANARY}


def test_the_command_line(
    school: Cloud,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """GIVEN STUDENT WHEN export, forget and forget --yes are called THEN a private file, the counts,
    a private receipt, Mage's tables gone, and the id in no output."""
    cached = tmp_path / "mage" / "pipelines" / "p" / ".variables" / "1" / "data.parquet"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"rows")
    given = {"STUDENT": CANARY, "STUDENTS_STREAM_NAME": "", "MAGE_DATA_DIR": str(tmp_path / "mage")}
    for name, value in {**environment, **given}.items():
        monkeypatch.setenv(name, value)
    output = ["--output", str(tmp_path / "out")]
    assert main(["export", *output]) == 0
    assert main(["forget", *output]) == 0
    counted = capsys.readouterr().out
    assert re.search(r"postgres +3 +predictions", counted) and "Nothing was changed" in counted
    assert cached.exists()
    assert main(["forget", "--yes", *output]) == 0
    said = capsys.readouterr().out
    assert "the streams may still hold records" in said and CANARY not in counted + said
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name.split("-")[0] for path in files] == ["export", "forgotten"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert CANARY in files[0].read_text() and CANARY not in files[1].read_text()
    assert not cached.exists() and school.bucket
    monkeypatch.setenv("STUDENT", "")
    assert main(["forget", "--yes"]) == 1


def test_an_operator_needs_the_rights_that_the_page_lists(
    school: Cloud, connection: Connection
) -> None:
    """GIVEN docs/students-data.md WHEN a student is forgotten THEN every call to AWS is one it lists,
    and it lists no other."""
    calls: set[str] = set()

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        version = "Version" if "versionId" in params["query_string"] else ""
        name = {"ListObjectVersions": "ListBucketVersions"}.get(model.name, model.name + version)
        calls.add(f"{model.service_model.service_name}:{name}")

    stores = students.stores_of(school)
    for client in (stores.s3, stores.kinesis):
        client.meta.events.register("before-call", note)
    forget(connection, stores, CANARY)
    page = (REPOSITORY / "docs" / "students-data.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`((?:s3|kinesis|kms):\w+)`", page))
    assert calls == {right for right in listed if not right.startswith("kms:")}
