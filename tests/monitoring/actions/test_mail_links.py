"""The mails: subjects that name the environment, links that live as long as they say, runbook sections."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.session import Session

from monitoring import clients, settings
from monitoring.actions import mail
from monitoring.dashboards.grafana import alerts

RUNBOOK = Path(__file__).parents[3] / "infrastructure" / "README.md"
NOW = datetime.now(timezone.utc)
INCIDENT = {
    "incident_id": 7,
    "kind": "drift",
    "version": "3",
    "opened_at": NOW,
    "closed_at": NOW,
    "reasons": ["drift in Absences"],
    "closing": "two windows in a row are clear",
    "row_count": 200,
    "rejected_count": 0,
    "report_key": "reports/1.html",
    "closing_report": None,
}
MAILS: list[tuple[dict[str, Any], str, str]] = [
    ({"template": "opened"}, "[ALARM] prod student-performance: drift in version 3", "drift"),
    (
        {"template": "closed"},
        "[RESOLVED] prod student-performance: drift incident 7 is over",
        "drift",
    ),
    *(
        (
            {"template": "outcome", "outcome": outcome},
            f"[{outcome.upper()}] prod student-performance: retraining for incident 7",
            outcome,
        )
        for outcome in ("promoted", "refused", "failed")
    ),
    (
        {"template": "dead"},
        "[ACTION NEEDED] prod student-performance: retraining for incident 7 could not be started",
        "given-up",
    ),
]


def anchors(prefix: str) -> set[str]:
    """Return the runbook's sections of a kind."""
    text = RUNBOOK.read_text(encoding="utf-8")
    return set(re.findall(rf"^### {prefix}-([\w-]+)$", text, re.MULTILINE))


def expiring(after: timedelta) -> Any:
    """An S3 client as in a task, whose credentials end."""
    session = Session()
    ends = NOW + after
    metadata = {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": ends.isoformat()}
    # pylint: disable-next=protected-access  # what the provider of a container's credentials does
    session._credentials = RefreshableCredentials.create_from_metadata(
        metadata, refresh_using=lambda: metadata, method="container-role"
    )
    # The settings of clients.client, on a session of this test's own.
    usual = clients.client("s3", None).meta.config
    return boto3.Session(botocore_session=session).client("s3", config=usual)


def compose(
    payload: dict[str, Any], s3: Any, monkeypatch: pytest.MonkeyPatch, **more: str
) -> mail.Mail:
    """Compose a mail about the incident."""
    monkeypatch.setattr(mail.database, "rows", lambda *_: [INCIDENT])
    environment = {
        "DATABASE_URL": "postgresql://x",
        "ARTIFACT_BUCKET": "artifacts",
        "ENVIRONMENT": "prod",
    }
    return mail.compose(None, payload, 7, settings.load({**environment, **more}), s3)  # type: ignore[arg-type]


@pytest.mark.parametrize(("payload", "subject", "section"), MAILS)
def test_a_mail_names_its_environment_and_its_section(
    payload: dict[str, Any], subject: str, section: str, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed = compose(payload, s3, monkeypatch)
    assert composed.subject == subject
    assert f"Runbook: infrastructure/README.md#mail-{section}\n" in composed.text


def test_without_an_environment_none_is_named(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    composed = compose({"template": "opened"}, s3, monkeypatch, ENVIRONMENT="")
    assert composed.subject == "[ALARM] student-performance: drift in version 3"


def test_the_runbook_s_address_can_be_clicked(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://school.example/infrastructure/README.md"
    composed = compose({"template": "opened"}, s3, monkeypatch, RUNBOOK_URL=address)
    assert f'<a href="{address}#mail-drift">Runbook</a>' in composed.html


def test_every_mail_and_every_rule_has_its_section_and_no_other() -> None:
    assert anchors("mail") == {section for *_, section in MAILS} | {"performance"}
    rules = {alerts.runbook(rule).rpartition("#grafana-")[2] for rule in alerts.RULES}
    assert anchors("grafana") == rules


def link(composed: mail.Mail) -> tuple[dict[str, list[str]], datetime]:
    """Return the signature of the report's link, and the end that the mail promises."""
    found = re.search(r"valid until ([\d-]+ [\d:]+) UTC\): (\S+)", composed.text)
    assert found
    ends = datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
    return parse_qs(urlsplit(found[2]).query), ends


def test_a_link_is_signed_as_encrypted_objects_want_it(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = datetime.now(timezone.utc)
    signature, ends = link(compose({"template": "opened"}, s3, monkeypatch))
    after = datetime.now(timezone.utc)
    assert signature["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert 604_700 < int(signature["X-Amz-Expires"][0]) <= 604_800
    # The mail names whole minutes.
    week, minute = timedelta(days=7), timedelta(minutes=1)
    assert before + week - minute < ends <= after + week


def test_a_link_ends_with_the_credentials_that_signed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = expiring(timedelta(hours=5))
    signature, ends = link(compose({"template": "opened"}, s3, monkeypatch))
    assert 17_000 < int(signature["X-Amz-Expires"][0]) <= 18_000
    assert abs(ends - NOW - timedelta(hours=5)) < timedelta(minutes=2)
