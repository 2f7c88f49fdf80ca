"""Incidents and what they cause: one mail at either end, retraining that waits, retries, ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import boto3
import pytest
from psycopg2.extensions import connection as Connection

from monitoring import database, incident, settings, status
from monitoring.labels import Label
from monitoring.outbox import Outbox
from monitoring.settings import Settings
from monitoring.verdict import ALARM, OK, WARN, Verdict
from monitoring.window import Window
from monitoring.worker import build_outbox
from tests.monitoring import cohort, store
from tests.monitoring.cloud import Cloud
from tests.monitoring.mage import FakeMage, serve

pytest_plugins = ["tests.monitoring.services"]
DRIFT = Verdict(ALARM, ("2 of 10 columns have drifted in one window", "Absences has drifted"))


@pytest.fixture(name="mage")
def mage_fixture() -> Iterator[FakeMage]:
    """Mage's API, standing in."""
    with serve() as mage:
        yield mage


@pytest.fixture(name="found")
def found_fixture(
    environment: dict[str, str], mage: FakeMage, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings with short pauses."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, environment[name])
    return settings.load(
        {
            **environment,
            "MAGE_URL": mage.url,
            "DELIVERY_BACKOFF_SECONDS": "0.01",
            "DELIVERY_ATTEMPTS": "3",
            "RETRAIN_MINIMUM_LABELS": "50",
            "RETRAIN_COOLDOWN_SECONDS": "3600",
            "WORKER_TICK_SECONDS": "0.01",
            "DASHBOARD_URL": "https://grafana.example/d/model",
        }
    )


class Story:
    """Windows with given verdicts, one after the other."""

    def __init__(self, connection: Connection, found: Settings) -> None:
        self._connection = connection
        self._settings = found
        self._row = 0

    def window(self, judged: Verdict, version: str = "1", kind: str = "scored") -> int:
        """Close a window with this verdict and react to it."""
        with database.transaction(self._connection) as cursor:
            cursor.execute(
                "INSERT INTO model_versions (version, first_event) VALUES (%s, now())"
                " ON CONFLICT DO NOTHING",
                (version,),
            )
            number = database.scalar(
                cursor,
                "INSERT INTO windows (kind, version, after_row, last_row, row_count, closed_by,"
                " first_event, verdict, reasons) VALUES (%s, %s, %s, %s, 200, 'count',"
                " clock_timestamp() - interval '1 minute', %s, %s) RETURNING window_id",
                (kind, version, self._row, self._row + 200, judged.level, list(judged.reasons)),
            )
            item = Window(number, kind, version, self._row, self._row + 200, 200, 0, "count")
            incident.react(cursor, item, judged, self._settings)
        self._row += 200
        return int(number)


@pytest.fixture(name="story")
def story_fixture(connection: Connection, found: Settings) -> Story:
    """A story to tell."""
    return Story(connection, found)


def _entries(connection: Connection) -> dict[str, dict[str, Any]]:
    rows = store.fetch(connection, "SELECT * FROM outbox ORDER BY outbox_id")
    return {row["dedupe_key"]: row for row in rows}


def _deliver(outbox: Outbox, connection: Connection, times: int = 6) -> None:
    for _ in range(times):
        with database.transaction(connection) as cursor:
            cursor.execute(
                "UPDATE outbox SET next_attempt_at = now() WHERE state IN ('pending', 'running')"
            )
        outbox.step(connection)


def _labels(connection: Connection, count: int) -> None:
    records = cohort.predictions(cohort.students(count, 3), space="labels")
    store.ingest(connection, cohort.encoded(records))
    rows = store.fetch(connection, "SELECT prediction_id FROM predictions")
    store.label(connection, [Label(2, None, UUID(row["prediction_id"])) for row in rows])


def _outcome(cloud: Cloud, request: str, **content: Any) -> None:
    body = json.dumps({"request_id": request, **content}).encode()
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=f"outcomes/{request}.json", Body=body)


def test_one_mail_when_an_incident_begins_and_one_when_it_ends(
    cloud: Cloud, connection: Connection, found: Settings, story: Story
) -> None:
    """GIVEN alarm after alarm and then two quiet windows WHEN delivered again and again
    THEN exactly two mails, the first with its reasons, the second with how long it took."""
    outbox = build_outbox(found)
    for _ in range(4):
        story.window(DRIFT)
        _deliver(outbox, connection, 2)
    story.window(Verdict(WARN, ("Sports has drifted",)))
    _deliver(outbox, connection, 2)
    assert len(cloud.mails()) == 1
    story.window(Verdict(OK, ("quiet",)))
    _deliver(outbox, connection, 2)
    began, ended = cloud.mails()
    assert began["Subject"] == "[ALARM] student-performance: drift in version 1"
    assert "2 of 10 columns have drifted" in began["BodyText"]
    assert "https://grafana.example/d/model" in began["BodyHtml"]
    assert ended["Subject"] == "[RESOLVED] student-performance: drift incident 1 is over"
    assert "2 windows running without an alarm" in ended["BodyText"]
    assert _entries(connection)["incident:1:retrain:1"]["state"] == "skipped"
    story.window(DRIFT)
    _deliver(outbox, connection, 2)
    assert len(cloud.mails()) == 3


def test_a_newer_version_whose_data_are_as_expected_ends_the_incident(
    connection: Connection, story: Story
) -> None:
    """GIVEN an incident of version 1 WHEN version 2 answers and its first window does not alarm
    THEN the incident is over and says why; an older version's quiet window would not do."""
    story.window(Verdict(OK, ("quiet",)), version="0")
    story.window(DRIFT, version="1")
    story.window(Verdict(OK, ("quiet",)), version="0")
    assert status.read(connection)["open_incidents"] == 1
    story.window(Verdict(OK, ("quiet",)), version="2")
    read = status.read(connection)
    assert read["open_incidents"] == 0
    assert read["incidents"][0]["closing"] == "version 2 answers and its data are as expected"
    assert read["incidents"][0]["closing_version"] == "2"
    assert read["incidents"][0]["first_event"] < read["incidents"][0]["opened_at"]


def test_a_mail_server_that_refuses_is_tried_again_and_then_given_up(
    cloud: Cloud, connection: Connection, found: Settings, story: Story
) -> None:
    """GIVEN nobody answering at SES's address WHEN an incident begins
    THEN the mail is retried; back in time it is sent once, else it is dead and an event says so."""
    story.window(DRIFT)
    good = build_outbox(found)
    away = build_outbox(found)
    config = boto3.session.Config(connect_timeout=1, retries={"max_attempts": 0})
    # pylint: disable=protected-access
    away._ses = boto3.client("ses", endpoint_url="http://127.0.0.1:9", config=config)
    _deliver(away, connection, 2)
    entry = _entries(connection)["incident:1:opened"]
    assert (entry["state"], entry["attempts"]) == ("pending", 2)
    assert "SES did not take the mail" in entry["last_error"]
    _deliver(good, connection, 2)
    assert len(cloud.mails()) == 1
    story.window(Verdict(OK, ("quiet",)))
    story.window(Verdict(OK, ("quiet",)))
    _deliver(away, connection, 4)
    assert _entries(connection)["incident:1:closed"]["state"] == "dead"
    texts = [row["text"] for row in store.fetch(connection, "SELECT text FROM events")]
    assert any(text.startswith("incident:1:closed given up") for text in texts)
    assert len(cloud.mails()) == 1


def test_retraining_waits_for_labels_then_runs_once_and_is_reported(
    cloud: Cloud, connection: Connection, found: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN a drift incident WHEN labels are missing, then come, and training promotes
    THEN Mage is asked once, with the agreed variables, and a mail tells the outcome."""
    outbox = build_outbox(found)
    story.window(DRIFT)
    _deliver(outbox, connection)
    entry = _entries(connection)["incident:1:retrain:1"]
    assert (entry["state"], entry["last_error"]) == ("pending", "waiting for labels: 0 of 50")
    assert not mage.runs
    _labels(connection, 60)
    _deliver(outbox, connection)
    assert [run["variables"] for run in mage.runs] == [
        {"request_id": "incident-1-1", "seed": 42, "trials": 10, "labelled": True}
    ]
    assert _entries(connection)["incident:1:retrain:1"]["state"] == "running"
    _outcome(
        cloud, "incident-1-1", promoted=True, version="2", champion_before="1", reasons=["f1 up"]
    )
    _deliver(outbox, connection)
    assert len(mage.runs) == 1
    (outcome,) = status.read(connection)["outcomes"]
    assert (outcome["outcome"], outcome["version"], outcome["champion_before"]) == (
        "promoted",
        "2",
        "1",
    )
    mail = cloud.mails()[-1]
    assert mail["Subject"] == "[PROMOTED] student-performance: retraining for incident 1"
    assert "f1 up" in mail["BodyText"]


def test_a_refused_challenger_is_reported_and_asked_again_only_after_the_cooldown(
    cloud: Cloud, connection: Connection, found: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN a refused challenger WHEN the alarm goes on
    THEN no second request within the cooldown, and one after it."""
    outbox = build_outbox(found)
    _labels(connection, 60)
    story.window(DRIFT)
    _deliver(outbox, connection, 2)
    _outcome(cloud, "incident-1-1", promoted=False, version=None, reasons=["f1 lower by .05"])
    _deliver(outbox, connection)
    assert cloud.mails()[-1]["Subject"].startswith("[REFUSED]")
    story.window(DRIFT)
    assert "incident:1:retrain:2" not in _entries(connection)
    impatient = replace(found, alerts=replace(found.alerts, retrain_cooldown_seconds=0.0))
    later = Story(connection, impatient)
    later._row = 10_000  # pylint: disable=protected-access
    later.window(DRIFT)
    _deliver(outbox, connection)
    assert "cooldown" in _entries(connection)["incident:1:retrain:2"]["last_error"]
    _deliver(build_outbox(impatient), connection)
    assert [run["variables"]["request_id"] for run in mage.runs] == ["incident-1-1", "incident-1-2"]


@pytest.mark.parametrize("refusal", ["quota exceeded", None])
def test_mage_that_refuses_or_is_away_ends_dead_with_a_mail(
    cloud: Cloud,
    connection: Connection,
    found: Settings,
    mage: FakeMage,
    refusal: str | None,
) -> None:
    """GIVEN Mage answering errors with HTTP 200, or nobody at its address, WHEN retraining is due
    THEN it is retried, then dead, and a mail asks for a person."""
    mage.refuse = refusal
    if refusal is None:
        found = replace(found, alerts=replace(found.alerts, mage_url="http://127.0.0.1:9"))
    _labels(connection, 60)
    Story(connection, found).window(DRIFT)
    _deliver(build_outbox(found), connection)
    entry = _entries(connection)["incident:1:retrain:1"]
    assert (entry["state"], entry["attempts"]) == ("dead", 3)
    assert (refusal or "cannot be asked") in entry["last_error"]
    assert [mail["Subject"][:15] for mail in cloud.mails()] == [
        "[ALARM] student",
        "[ACTION NEEDED]",
    ]


def test_a_second_incident_attaches_to_the_training_that_runs(
    cloud: Cloud, connection: Connection, found: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN retraining for a drift incident runs WHEN a performance incident opens, no cooldown set
    THEN no second training starts; the new version's good window ends both incidents."""
    found = replace(found, alerts=replace(found.alerts, retrain_cooldown_seconds=0.0))
    outbox = build_outbox(found)
    _labels(connection, 60)
    story.window(DRIFT)
    _deliver(outbox, connection, 2)
    story.window(Verdict(ALARM, ("f1-macro is low",)), kind="labelled")
    _deliver(outbox, connection, 3)
    assert len(mage.runs) == 1
    second = _entries(connection)["incident:2:retrain:1"]
    assert (second["state"], second["result"]) == ("skipped", {"attached_to": "incident-1-1"})
    _outcome(cloud, "incident-1-1", promoted=True, version="2", reasons=["better"])
    _deliver(outbox, connection, 2)
    story.window(Verdict(OK, ("quiet",)), version="2")
    assert status.read(connection)["open_incidents"] == 0
    assert len(mage.runs) == 1


def test_an_answer_lost_on_the_way_does_not_start_training_twice(
    connection: Connection, found: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN Mage starts the run but its answer is lost WHEN the request is tried again
    THEN the run is found by its request_id and no second one starts."""
    mage.drop_answer = True
    _labels(connection, 60)
    story.window(DRIFT)
    _deliver(build_outbox(found), connection, 3)
    assert len(mage.runs) == 1
    entry = _entries(connection)["incident:1:retrain:1"]
    assert (entry["state"], entry["result"]) == ("running", {"run": 70})


def test_mage_away_while_training_runs_is_waited_for(
    cloud: Cloud, connection: Connection, found: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN training runs WHEN Mage refuses to say how it stands, more often than there are attempts
    THEN the request goes on running, and the outcome is taken when it comes."""
    _labels(connection, 60)
    story.window(DRIFT)
    _deliver(build_outbox(found), connection, 1)
    mage.refuse = "restarting"
    for _ in range(5):
        _deliver(build_outbox(found), connection, 1)
    entry = _entries(connection)["incident:1:retrain:1"]
    assert entry["state"] == "running" and "restarting" in entry["last_error"]
    _outcome(cloud, "incident-1-1", promoted=True, version="2", reasons=["better"])
    _deliver(build_outbox(found), connection, 1)
    assert _entries(connection)["incident:1:retrain:1"]["state"] == "done"


@pytest.mark.parametrize("ending", [("failed", 7200.0), ("running", 1.0)])
def test_training_that_fails_or_never_ends_is_a_failure_told(
    cloud: Cloud,
    connection: Connection,
    found: Settings,
    mage: FakeMage,
    ending: tuple[str, float],
) -> None:
    """GIVEN a run Mage calls failed, or one past its time, WHEN looked at THEN failed, by mail."""
    state, timeout = ending
    found = replace(found, alerts=replace(found.alerts, retrain_timeout_seconds=timeout))
    _labels(connection, 60)
    Story(connection, found).window(DRIFT)
    _deliver(build_outbox(found), connection, 1)
    mage.runs[0]["status"] = state
    outbox = build_outbox(found)
    with database.transaction(connection) as cursor:
        cursor.execute("UPDATE outbox SET started_at = started_at - interval '1 minute'")
    _deliver(outbox, connection)
    assert status.read(connection)["outcomes"][0]["outcome"] == "failed"
    assert cloud.mails()[-1]["Subject"].startswith("[FAILED]")


def test_without_recipients_or_mage_nothing_waits_for_ever(
    connection: Connection, found: Settings, story: Story
) -> None:
    """GIVEN neither recipients nor Mage configured WHEN an incident begins
    THEN both entries are skipped, with the variable that would change it."""
    bare = replace(found, alerts=replace(found.alerts, recipients=(), mage_url=""))
    story.window(DRIFT)
    _deliver(build_outbox(bare), connection, 1)
    assert {entry["last_error"] for entry in _entries(connection).values()} == {
        "ALERT_RECIPIENTS is not set",
        "MAGE_URL is not set",
    }
