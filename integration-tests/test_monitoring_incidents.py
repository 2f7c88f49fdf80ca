"""Incidents: when they begin and end, and one mail at either end."""

from __future__ import annotations

import boto3
from msgspec.structs import replace
from psycopg2.extensions import connection as Connection

from monitoring.settings import Settings
from monitoring.storage import status
from monitoring.windows.verdict import OK, WARN, Verdict
from monitoring.worker import build_outbox
from tests.monitoring.support import store
from tests.monitoring.support.cloud import Cloud
from tests.monitoring.support.story import DRIFT, Story, deliver, entries_of

pytest_plugins = ["tests.monitoring.support.services", "tests.monitoring.support.parts"]


def test_one_mail_when_an_incident_begins_and_one_when_it_ends(
    cloud: Cloud, connection: Connection, configured: Settings, story: Story
) -> None:
    """GIVEN alarm after alarm and then two quiet windows WHEN delivered again and again
    THEN exactly two mails, the first with its reasons, the second with how long it took."""
    outbox = build_outbox(configured)
    for _ in range(4):
        story.window(DRIFT)
        deliver(outbox, connection, 2)
    story.window(Verdict(WARN, ("Sports has drifted",)))
    deliver(outbox, connection, 2)
    assert len(cloud.mails()) == 1
    story.window(Verdict(OK, ("quiet",)))
    deliver(outbox, connection, 2)
    began, ended = cloud.mails()
    assert began.subject == "[ALARM] student-performance: drift in version 1"
    assert "2 of 10 columns have drifted" in began.text
    assert "https://grafana.example/d/model" in began.html
    assert ended.subject == "[RESOLVED] student-performance: drift incident 1 is over"
    assert "2 windows running without an alarm" in ended.text
    assert entries_of(connection)["incident:1:retrain:1"]["state"] == "skipped"
    story.window(DRIFT)
    deliver(outbox, connection, 2)
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
    cloud: Cloud, connection: Connection, configured: Settings, story: Story
) -> None:
    """GIVEN nobody answering at SES's address WHEN an incident begins
    THEN the mail is retried; back in time it is sent once, else it is dead and an event says so."""
    story.window(DRIFT)
    good = build_outbox(configured)
    away = build_outbox(configured)
    config = boto3.session.Config(connect_timeout=1, retries={"max_attempts": 0})
    # pylint: disable=protected-access
    away._ses = boto3.client("ses", endpoint_url="http://127.0.0.1:9", config=config)
    deliver(away, connection, 2)
    entry = entries_of(connection)["incident:1:opened"]
    assert (entry["state"], entry["attempts"]) == ("pending", 2)
    assert "SES did not take the mail" in entry["last_error"]
    deliver(good, connection, 2)
    assert len(cloud.mails()) == 1
    story.window(Verdict(OK, ("quiet",)))
    story.window(Verdict(OK, ("quiet",)))
    deliver(away, connection, 4)
    assert entries_of(connection)["incident:1:closed"]["state"] == "dead"
    texts = [row["text"] for row in store.fetch(connection, "SELECT text FROM events")]
    assert any(text.startswith("incident:1:closed given up") for text in texts)
    assert len(cloud.mails()) == 1


def test_without_recipients_or_mage_nothing_waits_for_ever(
    connection: Connection, configured: Settings, story: Story
) -> None:
    """GIVEN neither recipients nor Mage configured WHEN an incident begins
    THEN both entries are skipped, with the variable that would change it."""
    bare = replace(configured, alerts=replace(configured.alerts, recipients=(), mage_url=""))
    story.window(DRIFT)
    deliver(build_outbox(bare), connection, 1)
    assert {entry["last_error"] for entry in entries_of(connection).values()} == {
        "ALERT_RECIPIENTS is not set",
        "MAGE_URL is not set",
    }
