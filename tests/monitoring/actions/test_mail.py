"""What a mail says, in plain text and in HTML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring import settings
from monitoring.actions import mail
from monitoring.actions.mail import Facts, facts_of, render
from monitoring.errors import DeliveryError
from tests.monitoring.support.cursor import FakeCursor

OPENED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INCIDENT: dict[str, Any] = {
    "incident_id": 7,
    "kind": "drift",
    "version": "3",
    "opened_at": OPENED,
    "closed_at": OPENED + timedelta(minutes=30),
    "reasons": ["absences has drifted"],
    "closing": "version 4 answers",
    "row_count": 200,
    "rejected_count": 5,
    "report_key": "reports/opening.html",
    "closing_report": "reports/closing.html",
}


def _said(payload: dict[str, Any]) -> Facts:
    return facts_of(payload, INCIDENT, "grades", "grades", [])


@pytest.mark.parametrize(
    ("payload", "title", "sentence", "row"),
    [
        (
            {"template": "opened"},
            "[ALARM] grades: drift in version 3",
            "Absences has drifted.",
            ("Window", "200 rows, 5 rejected"),
        ),
        (
            {"template": "closed"},
            "[RESOLVED] grades: drift incident 7 is over",
            "Version 4 answers.",
            ("Lasted", "30 min"),
        ),
        (
            {"template": "outcome", "outcome": "refused", "version": None, "reasons": ["f1 lower"]},
            "[REFUSED] grades: retraining for incident 7",
            "f1 lower",
            ("New version", "none"),
        ),
        (
            {"template": "dead", "reasons": ["Given up after 8 attempts."]},
            "[ACTION NEEDED] grades: retraining for incident 7 could not be started",
            "Given up after 8 attempts.",
            ("Opened", "2026-03-01 12:00:00 UTC"),
        ),
    ],
)
def test_each_kind_of_mail_says_what_happened(
    payload: dict[str, Any], title: str, sentence: str, row: tuple[str, str]
) -> None:
    """GIVEN an incident WHEN a mail about it is put in words THEN title, reason and figure are said."""
    said = _said(payload)
    assert said.title == title
    assert said.sentences[0] == sentence
    assert row in said.table
    assert ("Incident", "7 (drift)") in said.table


def test_plain_text_and_html_say_the_same() -> None:
    """GIVEN facts WHEN rendered THEN both forms hold each of them, the text in columns."""
    facts = Facts(
        "Title", ["One.", "Two."], [("A", "1"), ("Long name", "2")], [("Board", "http://b")]
    )
    made = render("opened", facts)
    assert made.subject == "Title"
    assert made.text == "Title\n\nOne.\nTwo.\n\nA          1\nLong name  2\n\nBoard: http://b\n"
    for word in ("One.", "Two.", "Long name", '<a href="http://b">Board</a>', "#c4162a"):
        assert word in made.html


def test_nothing_a_record_holds_becomes_markup() -> None:
    """GIVEN facts with markup in them WHEN rendered THEN the HTML shows it and does not obey it."""
    bad = "<script>alert(1)</script>"
    links = [(bad, f'https://x/"{bad}'), ("kept at", f"s3://{bad}")]
    page = render("other", Facts(bad, [bad], [(bad, bad)], links)).html
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 7
    assert "s3://" in page and 'href="s3:' not in page


@pytest.mark.parametrize(("template", "key"), [("opened", "opening"), ("closed", "closing")])
def test_a_mail_links_to_the_report_of_its_window(template: str, key: str, s3: Any) -> None:
    """GIVEN a dashboard and a report WHEN a mail is composed THEN it links to both."""
    configured = settings.load(
        {"DATABASE_URL": "postgresql://x/y", "DASHBOARD_URL": "https://g/", "ARTIFACT_BUCKET": "b"}
    )
    cursor: Any = FakeCursor([tuple(INCIDENT.values())], columns=tuple(INCIDENT))
    text = mail.compose(cursor, {"template": template}, 7, configured, s3).text
    assert "Dashboard: https://g\n" in text
    assert f"/reports/{key}.html?X-Amz-" in text and f"s3://b/reports/{key}.html" in text


def test_an_incident_that_is_not_there_cannot_be_told() -> None:
    """GIVEN no such incident WHEN a mail is composed THEN it is a failed delivery."""
    configured = settings.load({"DATABASE_URL": "postgresql://x/y"})
    cursor: Any = FakeCursor()
    with pytest.raises(DeliveryError, match="incident 7 does not exist"):
        mail.compose(cursor, {"template": "opened"}, 7, configured, None)
