"""Retraining that an incident asks for: it waits for labels, is asked once, ends, and is told."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from psycopg2.extensions import connection as Connection

from monitoring.settings import Settings
from monitoring.storage import database, status
from monitoring.windows.verdict import ALARM, OK, Verdict
from monitoring.worker import build_outbox
from tests.monitoring.support.cloud import Cloud
from tests.monitoring.support.mage import FakeMage
from tests.monitoring.support.story import (
    DRIFT,
    Story,
    add_labels,
    deliver,
    entries_of,
    put_outcome,
)

pytest_plugins = ["tests.monitoring.support.services", "tests.monitoring.support.parts"]


def test_retraining_waits_for_labels_then_runs_once_and_is_reported(
    cloud: Cloud, connection: Connection, configured: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN a drift incident WHEN labels are missing, then come, and training promotes
    THEN Mage is asked once, with the agreed variables, and a mail tells the outcome."""
    outbox = build_outbox(configured)
    story.window(DRIFT)
    deliver(outbox, connection)
    entry = entries_of(connection)["incident:1:retrain:1"]
    assert (entry["state"], entry["last_error"]) == ("pending", "waiting for labels: 0 of 50")
    assert not mage.runs
    add_labels(connection, 60)
    deliver(outbox, connection)
    assert [run["variables"] for run in mage.runs] == [
        {"request_id": "incident-1-1", "seed": 42, "trials": 10, "labelled": True, "drift": True}
    ]
    assert entries_of(connection)["incident:1:retrain:1"]["state"] == "running"
    put_outcome(
        cloud, "incident-1-1", promoted=True, version="2", champion_before="1", reasons=["f1 up"]
    )
    deliver(outbox, connection)
    assert len(mage.runs) == 1
    (outcome,) = status.read(connection)["outcomes"]
    assert (outcome["outcome"], outcome["version"], outcome["champion_before"]) == (
        "promoted",
        "2",
        "1",
    )
    mail = cloud.mails()[-1]
    assert mail.subject == "[PROMOTED] student-performance: retraining for incident 1"
    assert "f1 up" in mail.text


def test_a_refused_challenger_is_reported_and_asked_again_only_after_the_cooldown(
    cloud: Cloud, connection: Connection, configured: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN a refused challenger WHEN the alarm goes on
    THEN no second request within the cooldown, and one after it."""
    outbox = build_outbox(configured)
    add_labels(connection, 60)
    story.window(DRIFT)
    deliver(outbox, connection, 2)
    put_outcome(cloud, "incident-1-1", promoted=False, version=None, reasons=["f1 lower by .05"])
    deliver(outbox, connection)
    assert cloud.mails()[-1].subject.startswith("[REFUSED]")
    story.window(DRIFT)
    assert "incident:1:retrain:2" not in entries_of(connection)
    impatient = replace(configured, alerts=replace(configured.alerts, retrain_cooldown_seconds=0.0))
    later = Story(connection, impatient)
    later._row = 10_000  # pylint: disable=protected-access
    later.window(DRIFT)
    deliver(outbox, connection)
    assert "cooldown" in entries_of(connection)["incident:1:retrain:2"]["last_error"]
    deliver(build_outbox(impatient), connection)
    assert [run["variables"]["request_id"] for run in mage.runs] == ["incident-1-1", "incident-1-2"]


@pytest.mark.parametrize("refusal", ["quota exceeded", None])
def test_mage_that_refuses_or_is_away_ends_dead_with_a_mail(
    cloud: Cloud,
    connection: Connection,
    configured: Settings,
    mage: FakeMage,
    refusal: str | None,
) -> None:
    """GIVEN Mage answering errors with HTTP 200, or nobody at its address, WHEN retraining is due
    THEN it is retried, then dead, and a mail asks for a person."""
    mage.refuse = refusal
    if refusal is None:
        configured = replace(
            configured, alerts=replace(configured.alerts, mage_url="http://127.0.0.1:9")
        )
    add_labels(connection, 60)
    Story(connection, configured).window(DRIFT)
    deliver(build_outbox(configured), connection)
    entry = entries_of(connection)["incident:1:retrain:1"]
    assert (entry["state"], entry["attempts"]) == ("dead", 3)
    assert (refusal or "cannot be asked") in entry["last_error"]
    assert [mail.subject[:15] for mail in cloud.mails()] == [
        "[ALARM] student",
        "[ACTION NEEDED]",
    ]


def test_a_second_incident_attaches_to_the_training_that_runs(
    cloud: Cloud, connection: Connection, configured: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN retraining for a drift incident runs WHEN a performance incident opens, no cooldown set
    THEN no second training starts; the new version's good window ends both incidents."""
    configured = replace(
        configured, alerts=replace(configured.alerts, retrain_cooldown_seconds=0.0)
    )
    outbox = build_outbox(configured)
    add_labels(connection, 60)
    story.window(DRIFT)
    deliver(outbox, connection, 2)
    story.window(Verdict(ALARM, ("f1-macro is low",)), kind="labelled")
    deliver(outbox, connection, 3)
    assert len(mage.runs) == 1
    second = entries_of(connection)["incident:2:retrain:1"]
    assert (second["state"], second["result"]) == ("skipped", {"attached_to": "incident-1-1"})
    put_outcome(cloud, "incident-1-1", promoted=True, version="2", reasons=["better"])
    deliver(outbox, connection, 2)
    story.window(Verdict(OK, ("quiet",)), version="2")
    assert status.read(connection)["open_incidents"] == 0
    assert len(mage.runs) == 1


def test_an_answer_lost_on_the_way_does_not_start_training_twice(
    connection: Connection, configured: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN Mage starts the run but its answer is lost WHEN the request is tried again
    THEN the run is found by its request_id and no second one starts."""
    mage.drop_answer = True
    add_labels(connection, 60)
    story.window(DRIFT)
    deliver(build_outbox(configured), connection, 3)
    assert len(mage.runs) == 1
    entry = entries_of(connection)["incident:1:retrain:1"]
    assert (entry["state"], entry["result"]) == ("running", {"run": 70})


def test_mage_away_while_training_runs_is_waited_for(
    cloud: Cloud, connection: Connection, configured: Settings, story: Story, mage: FakeMage
) -> None:
    """GIVEN training runs WHEN Mage refuses to say how it stands, more often than there are attempts
    THEN the request goes on running, and the outcome is taken when it comes."""
    add_labels(connection, 60)
    story.window(DRIFT)
    deliver(build_outbox(configured), connection, 1)
    mage.refuse = "restarting"
    for _ in range(5):
        deliver(build_outbox(configured), connection, 1)
    entry = entries_of(connection)["incident:1:retrain:1"]
    assert entry["state"] == "running" and "restarting" in entry["last_error"]
    put_outcome(cloud, "incident-1-1", promoted=True, version="2", reasons=["better"])
    deliver(build_outbox(configured), connection, 1)
    assert entries_of(connection)["incident:1:retrain:1"]["state"] == "done"


@pytest.mark.parametrize("ending", [("failed", 7200.0), ("running", 1.0)])
def test_training_that_fails_or_never_ends_is_a_failure_told(
    cloud: Cloud,
    connection: Connection,
    configured: Settings,
    mage: FakeMage,
    ending: tuple[str, float],
) -> None:
    """GIVEN a run Mage calls failed, or one past its time, WHEN looked at THEN failed, by mail."""
    state, timeout = ending
    configured = replace(
        configured, alerts=replace(configured.alerts, retrain_timeout_seconds=timeout)
    )
    add_labels(connection, 60)
    Story(connection, configured).window(DRIFT)
    deliver(build_outbox(configured), connection, 1)
    mage.runs[0]["status"] = state
    outbox = build_outbox(configured)
    with database.transaction(connection) as cursor:
        cursor.execute("UPDATE outbox SET started_at = started_at - interval '1 minute'")
    deliver(outbox, connection)
    assert status.read(connection)["outcomes"][0]["outcome"] == "failed"
    assert cloud.mails()[-1].subject.startswith("[FAILED]")
