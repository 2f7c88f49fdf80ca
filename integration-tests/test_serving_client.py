"""The client against a running service: one record, the answers, a whole CSV."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.features import FEATURE_NAMES
from localcloud.configuration import REPOSITORY
from tests.inference.support.kinesis import VALUES, event
from tests.localcloud.support.deployment import PATIENCE_SECONDS, Deployment, eventually

Deploy = Callable[..., Deployment]


def client(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one client command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "inference.client", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **deployment.variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


FIRST_ID = 10**14 + 7_319_000_001
"""Too long a number to stand in a log by chance, as 1001 once did inside a model's age."""


def sheet(path: Path, count: int, broken: dict[int, dict[str, str]]) -> Path:
    """Write a CSV of students as Kaggle's, with some cells of some rows replaced."""
    names = ["StudentID", "Age", *FEATURE_NAMES, "GPA"]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        for number in range(count):
            cells = dict(zip(FEATURE_NAMES, VALUES, strict=True))
            row = {"StudentID": FIRST_ID + number, "Age": 17, "GPA": 2.9, **cells}
            table.writerow({**row, **broken.get(number, {})})
    return path


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV back."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_put_record_and_predictions(serve: Deploy, tmp_path: Path) -> None:
    """GIVEN a running service WHEN the sample, a good file and a bad file are sent
    THEN each answer can be waited for, and predictions lists them once."""
    deployment = serve()
    deployment.publish()
    good, bad = tmp_path / "student.json", tmp_path / "bad.json"
    good.write_text(json.dumps(event("ü")), encoding="utf-8")
    bad.write_text('{"student_id": 5, "student": {}}', encoding="utf-8")
    with deployment:
        sample = client(deployment, "put-record", "--wait", "240")
        assert sample.returncode == 0, sample.stderr
        answer = json.loads(sample.stdout)
        assert answer["prediction"]["student_id"] == 1001 and answer["guidance"]
        sent = client(deployment, "put-record", str(good), "--wait", "240")
        assert json.loads(sent.stdout)["prediction"]["student_id"] == "ü"
        refused = client(deployment, "put-record", str(bad), "--wait", "240")
        assert len(json.loads(refused.stdout)["errors"]) == 9
        shown = client(deployment, "predictions")
        assert shown.returncode == 0 and "3 answers" in shown.stderr
        assert "rejected: missing_field (student.ParentalEducation)" in shown.stdout
        limited = client(deployment, "predictions", "--json", "--limit", "1")
        assert json.loads(limited.stdout)["schema"] == "student-performance.prediction/1"


def test_a_csv_is_answered_row_by_row(deploy: Deploy, tmp_path: Path) -> None:
    """GIVEN a CSV with some bad rows WHEN it is streamed, twice
    THEN every row has its answer, personal columns were not sent, and nothing is sent again."""
    deployment = deploy()
    deployment.publish()
    broken = {
        0: {"Absences": "400"},
        7: {"Music": "", "Sports": "yes"},
        1199: {"StudentID": ""},
        30: {"StudyTimeWeekly": "nan"},
    }
    source = sheet(tmp_path / "students.csv", 1200, broken)
    with deployment:
        output = tmp_path / "answers.csv"
        command = ("stream", str(source), "--output", str(output), "--explain", "--window", "600")
        run = client(deployment, *command)
        assert run.returncode == 0, run.stderr
        assert f"{output}: 1196 predictions, 4 rejected, 0 unanswered" in run.stdout
        answers = rows(output)
        assert [row["StudentID"] for row in answers] == [row["StudentID"] for row in rows(source)]
        assert {n for n, row in enumerate(answers) if row["status"] == "rejected"} == set(broken)
        assert answers[1]["predicted_grade"] == "B" and answers[1]["GPA"] == "2.9"
        assert answers[1]["advice"].startswith("Absences 7 -> 2: GPA +0.50")
        assert "missing_field: student.Music" in answers[7]["errors"]
        assert "wrong_type: student.Sports" in answers[7]["errors"]
        assert answers[30]["errors"].startswith("wrong_type: student.StudyTimeWeekly")
        assert answers[1199]["errors"].startswith("missing_field: student_id")
        again = client(deployment, *command)
        assert again.returncode == 0 and "1196 predictions, 4 rejected" in again.stdout
        assert "1,200 answered before by version 1 on" in again.stderr
        assert len(deployment.answers()) == 1200
    assert str(FIRST_ID)[:12] not in deployment.log()


def test_a_csv_stopped_half_way_goes_on_later(deploy: Deploy, tmp_path: Path) -> None:
    """GIVEN nobody answers WHEN the run is interrupted THEN it stops cleanly with a file, and the
    same command finishes once the service runs."""
    deployment = deploy()
    deployment.publish()
    source = sheet(tmp_path / "students.csv", 100, {})
    output = tmp_path / "answers.csv"
    command = ("stream", str(source), "--output", str(output))
    with subprocess.Popen(
        [sys.executable, "-m", "inference.client", *command],
        cwd=REPOSITORY,
        env={**os.environ, **deployment.variables},
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        name = deployment.configuration.students_stream_name
        eventually(lambda: _stored(deployment, name) >= 100)
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=PATIENCE_SECONDS)
    assert waiting.returncode == 130 and "stopped" in errors and "Traceback" not in errors
    assert {row["status"] for row in rows(output)} == {""}
    with deployment:
        deployment.wait_answers(100)
        finished = client(deployment, *command)
        assert "100 predictions, 0 rejected, 0 unanswered" in finished.stdout
    assert len(rows(output)) == 100
    name = deployment.configuration.students_stream_name
    assert _stored(deployment, name) == 100, "the answers that came meanwhile were collected"


def test_a_killed_run_goes_on(deploy: Deploy, tmp_path: Path) -> None:
    """GIVEN a run that is killed again and again as answers come WHEN it is repeated
    THEN it ends with every row answered once, and no answer that had come was asked again."""
    deployment = deploy()
    deployment.publish()
    count, lives = 4000, 4
    source, output = sheet(tmp_path / "students.csv", count, {}), tmp_path / "answers.csv"
    command = ("stream", str(source), "--output", str(output), "--window", "500")
    journal = tmp_path / ".answers.csv.journal"

    def collected() -> int:
        return journal.read_bytes().count(b'"prediction_id"') if journal.exists() else 0

    with deployment:
        for life in range(1, lives + 1):
            with subprocess.Popen(
                [sys.executable, "-m", "inference.client", *command],
                cwd=REPOSITORY,
                env={**os.environ, **deployment.variables},
                stderr=subprocess.DEVNULL,
            ) as run:
                eventually(lambda life=life: collected() >= 500 * life)  # type: ignore[misc]
                run.kill()
        assert not output.exists()
        known = collected()
        finished = client(deployment, *command)
    assert f"{known:,} answered before" in finished.stderr
    assert f"{count} predictions, 0 rejected, 0 unanswered" in finished.stdout
    answered = rows(output)
    assert [row["StudentID"] for row in answered] == [row["StudentID"] for row in rows(source)]
    assert len({row["request_id"] for row in answered}) == count
    # At most a window was on its way when each life ended.
    assert len(deployment.answers()) <= count + lives * 1000
    assert not journal.exists()


def _stored(deployment: Deployment, stream: str) -> int:
    count = 0
    for shard in deployment.kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = deployment.kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        count += len(deployment.kinesis.get_records(ShardIterator=iterator)["Records"])
    return count


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("put-record", "missing.json"), "missing.json: No such file or directory"),
        (("stream", "missing.csv"), "missing.csv cannot be read as a CSV"),
        (("predictions", "--predictions-stream", "no-such-stream"), "no-such-stream"),
    ],
)
def test_mistakes_are_named(deploy: Deploy, arguments: tuple[str, ...], message: str) -> None:
    """What cannot be done ends with exit code 2 and one line, without a traceback."""
    run = client(deploy(), *arguments)
    assert run.returncode == 2
    assert message in run.stderr and "Traceback" not in run.stderr
