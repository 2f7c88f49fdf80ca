"""Training against real services: Mage's server and its API, MLflow, S3, and headless runs.

GIVEN an AWS endpoint, an MLflow server and a Mage server on free loopback ports
WHEN pipelines are triggered through the API or headless
THEN a champion is published, and failures end with a message.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from psycopg2.extensions import connection as Connection

from contract.bundle import Pointer, parse_manifest, sha256_hex
from localcloud.provision import client
from localcloud.service import python_of
from localcloud.stack import Stack
from orchestrator.training.data.simulator import simulate_students
from tests.localcloud.support.deployment import own_stack
from tests.monitoring.support import cohort, store
from tests.orchestrator.support.schools import ruled

pytest_plugins = ["tests.monitoring.support.services"]

ROOT = Path(__file__).resolve().parents[1]
POLL_SECONDS = 1.0
RUN_SECONDS = 800
TRIGGER_SECONDS = 240
ENDED = {"completed", "failed", "cancelled"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]


@pytest.fixture(name="stack", scope="module")
def running_stack(aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The services training needs, started for this module."""
    with own_stack(aws, tmp_path_factory.mktemp("training"), ("mlflow", "mage")) as stack:
        yield stack


def call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call Mage's API; an error in the body is an error although its status is 200."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        parsed: dict[str, Any] = json.load(answer)
    assert "error" not in parsed, parsed["error"]
    return parsed


def schedule(url: str, pipeline: str) -> dict[str, Any]:
    """Return the pipeline's API trigger; the server loads triggers some seconds after it is up."""
    deadline = time.monotonic() + TRIGGER_SECONDS
    while time.monotonic() < deadline:
        try:
            schedules = call(f"{url}/api/pipelines/{pipeline}/pipeline_schedules")
        except AssertionError:
            # An OperationalError of Mage's SQLite, met once on a busy machine while triggers load.
            schedules = {"pipeline_schedules": []}
        for trigger in schedules["pipeline_schedules"]:
            if trigger["name"] == f"{pipeline}_api":
                return dict(trigger)
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"no trigger {pipeline}_api within {TRIGGER_SECONDS} s")


def trigger_and_wait(url: str, pipeline: str, variables: dict[str, Any]) -> str:
    """Start a run through the API trigger and return the status it ends with."""
    trigger = schedule(url, pipeline)
    started = call(
        f"{url}/api/pipeline_schedules/{trigger['id']}/pipeline_runs/{trigger['token']}",
        {"pipeline_run": {"variables": variables}},
    )
    number = started["pipeline_run"]["id"]
    deadline = time.monotonic() + RUN_SECONDS
    status = "initial"
    while status not in ENDED:
        assert time.monotonic() < deadline, f"{pipeline} is {status} after {RUN_SECONDS} s"
        time.sleep(POLL_SECONDS)
        status = call(f"{url}/api/pipeline_runs/{number}")["pipeline_run"]["status"]
    return status


def stored(stack: Stack, bucket: str, key: str) -> bytes:
    """Return an object's bytes."""
    s3 = client("s3", stack.environment)
    return bytes(s3.get_object(Bucket=stack.environment[bucket], Key=key)["Body"].read())


def headless(stack: Stack, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m orchestrator.ARGUMENTS`` in the stack's environment."""
    return subprocess.run(
        [str(python_of("orchestrator")), "-m", *arguments],
        env={**os.environ, **stack.environment, "STUDENTS_DOWNLOAD": "off", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def champion(stack: Stack) -> Pointer:
    """Return champion.json, checked against the bundle it points to."""
    pointer = Pointer(**json.loads(stored(stack, "MODEL_BUCKET", f"{prefix(stack)}/champion.json")))
    version = f"{prefix(stack)}/{pointer.version}"
    manifest = parse_manifest(
        stored(stack, "MODEL_BUCKET", f"{version}/manifest.json"), pointer.manifest_sha256
    )
    model = stored(stack, "MODEL_BUCKET", f"{version}/model.onnx")
    assert manifest.sha256["model.onnx"] == sha256_hex(model)
    return pointer


def prefix(stack: Stack) -> str:
    """Return where the model's bundles are."""
    return f"models/{stack.environment['MODEL_NAME']}"


@pytest.fixture(name="published")
def published_fixture(stack: Stack) -> str:
    """The version that serves; trained here where no test before has left one."""
    try:
        return champion(stack).version
    except ClientError:
        done = headless(stack, "orchestrator.run", "--trials", "1", "--seed", "7", "--repeats", "0")
        assert done.returncode == 0, done.stderr[-3000:]
        return champion(stack).version


def test_pipelines_through_the_server(stack: Stack) -> None:
    """Both pipelines under Mage's server publish a champion; the same again changes nothing."""
    url = stack.environment["MAGE_URL"]

    assert trigger_and_wait(url, "data_processing", {"seed": 7}) == "completed"
    first = {"seed": 7, "trials": 1, "repeats": 1, "request_id": "api-first"}
    assert trigger_and_wait(url, "model_training", first) == "completed"
    outcome = json.loads(stored(stack, "ARTIFACT_BUCKET", "outcomes/api-first.json"))
    assert outcome["promoted"] is True
    assert champion(stack).version == outcome["version"]

    again = {"seed": 7, "trials": 1, "request_id": "api-second"}
    assert trigger_and_wait(url, "retraining", again) == "completed"
    second = json.loads(stored(stack, "ARTIFACT_BUCKET", "outcomes/api-second.json"))
    assert second["champion_before"] == outcome["version"]
    assert (second["decision"], second["version"]) == ("unchanged", None)
    assert champion(stack).version == outcome["version"]
    reference = f"reference/{outcome['version']}.parquet"
    assert stored(stack, "ARTIFACT_BUCKET", reference)[:4] == b"PAR1"


def test_a_refused_variable_fails_the_run(stack: Stack) -> None:
    """A variable that is not accepted ends the run as failed, not in a run with defaults."""
    url = stack.environment["MAGE_URL"]
    assert trigger_and_wait(url, "data_processing", {"trials": "many"}) == "failed"


def test_headless_then_rollback(stack: Stack, published: str, tmp_path: Path) -> None:
    """A headless run on another school's file publishes the next version; rollback goes back."""
    file = tmp_path / "school.csv"
    ruled(simulate_students(1500, seed=6), absences=0.5).to_csv(file, index=False)
    arguments = ("--trials", "1", "--seed", "3", "--repeats", "0", "--csv", str(file))
    done = headless(stack, "orchestrator.run", *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Promoted: version" in done.stdout
    newest = champion(stack).version

    back = headless(stack, "orchestrator.rollback", "--version", published)
    assert back.returncode == 0, back.stderr
    assert champion(stack).version == published != newest
    unknown = headless(stack, "orchestrator.rollback", "--version", "999")
    assert unknown.returncode == 1
    assert "no complete bundle" in unknown.stderr
    assert champion(stack).version == published


def test_retraining_on_new_labels(
    stack: Stack, published: str, connection: Connection, database_url: str
) -> None:
    """New labels in Postgres join training; gate and champion meet on those held out."""
    records = cohort.predictions(cohort.students(300, 5))
    store.ingest(connection, cohort.encoded(records))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO monitoring.ground_truth "
            "(prediction_id, event_time, version, grade_class, source) "
            "SELECT prediction_id, event_time, version, grade_class, 'test' "
            "FROM monitoring.predictions"
        )
    connection.commit()
    arguments = ("--labelled", "--trials", "1", "--repeats", "0", "--request-id", "new-labels")
    done = headless(stack, "orchestrator.run", *arguments, DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "300 newly labelled predictions join the training data" in done.stdout
    outcome = json.loads(stored(stack, "ARTIFACT_BUCKET", "outcomes/new-labels.json"))
    assert outcome["champion_before"] == published
    assert any("recently labelled rows" in text for text in outcome["reasons"])


def test_a_bad_file_is_named(stack: Stack, tmp_path: Path) -> None:
    """A bad CSV ends the headless run with file, line and column in the message."""
    bad = tmp_path / "bad.csv"
    header = "StudentID,Age,Gender,Ethnicity,ParentalEducation,StudyTimeWeekly,Absences,Tutoring,"
    header += "ParentalSupport,Extracurricular,Sports,Music,Volunteering,GPA,GradeClass\n"
    bad.write_text(header + "1,16,0,0,2,10.5,none,0,2,0,0,0,0,2.5,2\n", encoding="utf-8")
    done = headless(stack, "orchestrator.run", "--csv", str(bad))
    assert done.returncode == 1
    assert "bad.csv: line 2, column Absences: not a number" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("variable", "address", "service"),
    [
        ("MLFLOW_TRACKING_URI", "http://127.0.0.1:9", "MLflow"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "S3"),
    ],
)
def test_a_dead_service_is_named(stack: Stack, variable: str, address: str, service: str) -> None:
    """Without MLflow or S3 a run ends before any pipeline starts, naming which one."""
    done = headless(stack, "orchestrator.run", **{variable: address})
    assert done.returncode == 1
    assert f"training.service: {service} at" in done.stderr
    assert "data_processing" not in done.stdout
