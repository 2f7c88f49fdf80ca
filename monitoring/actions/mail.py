"""The mails: built from what the database knows, in HTML and plain text, sent by SES (v1 API)."""

from datetime import timedelta
from html import escape
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from psycopg2.extensions import cursor as Cursor

from monitoring.clients import signed_link
from monitoring.errors import DeliveryError
from monitoring.settings import Settings
from monitoring.storage import database

# What SigV4 allows; a task's credentials end sooner.
_LONGEST_LINK: Final = timedelta(days=7)
_COLOURS: Final = {
    "opened": "#c4162a",
    "closed": "#1a7f37",
    "outcome": "#0b5cad",
    "dead": "#8a5300",
}
_REPORTS: Final = {"opened": "report_key", "closed": "closing_report"}
"""Which window's report a mail links to."""


_PATIENCE: Final = timedelta(seconds=60)
"""How long a mail waits for the report it links to; it goes without one after that."""


class Mail(NamedTuple):
    """A composed mail."""

    subject: str
    text: str
    html: str


class Facts(NamedTuple):
    """What a mail says: a title, sentences, a small table, links."""

    title: str
    sentences: list[str]
    table: list[tuple[str, str]]
    links: list[tuple[str, str]]


def render(template: str, facts: Facts) -> Mail:
    """Render facts as text and as HTML that reads without images or external styles."""
    width = max((len(name) for name, _ in facts.table), default=0)
    text = [facts.title, "", *facts.sentences, ""]
    text += [f"{name:<{width}}  {value}" for name, value in facts.table]
    text += ["", *(f"{name}: {address}" for name, address in facts.links)]
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in facts.sentences)
    lines = "".join(
        f'<tr><td style="padding:4px 16px 4px 0;color:#57606a">{escape(name)}</td>'
        f'<td style="padding:4px 0"><b>{escape(value)}</b></td></tr>'
        for name, value in facts.table
    )
    links = "".join(
        (
            f'<p><a href="{escape(address, quote=True)}">{escape(name)}</a></p>'
            if address.startswith(("http://", "https://"))
            else f"<p>{escape(name)}: <code>{escape(address)}</code></p>"
        )
        for name, address in facts.links
    )
    colour = _COLOURS.get(template, "#0b5cad")
    html = (
        '<!doctype html><html><body style="font:15px/1.5 system-ui,sans-serif;color:#1f2328">'
        f'<div style="border-left:5px solid {colour};padding:2px 16px;max-width:640px">'
        f'<h2 style="margin:8px 0">{escape(facts.title)}</h2>{paragraphs}'
        f"<table>{lines}</table>{links}</div></body></html>"
    )
    return Mail(facts.title, "\n".join(text).rstrip() + "\n", html)


def _incident(cursor: Cursor, number: int) -> dict[str, Any]:
    incidents = database.rows(
        cursor,
        "SELECT i.*, o.row_count, o.report_key, o.last_event, o.rejected_count,"
        " c.report_key AS closing_report FROM incidents i"
        " JOIN windows o ON o.window_id = i.opened_by"
        " LEFT JOIN windows c ON c.window_id = i.closed_by WHERE i.incident_id = %s",
        (number,),
    )
    if not incidents:
        raise DeliveryError(f"incident {number} does not exist")
    return incidents[0]


def waits_for(cursor: Cursor, payload: dict[str, Any], number: int) -> str:
    """Say what a mail should still wait for: Evidently's report of the window; else nothing."""
    window = {"opened": "opened_by", "closed": "closed_by"}.get(str(payload["template"]))
    if window is None:
        return ""
    waiting = database.scalar(
        cursor,
        f"SELECT count(*) FROM incidents i JOIN windows w ON w.window_id = i.{window}"
        " WHERE i.incident_id = %s AND w.audit IS NULL AND clock_timestamp() - w.evaluated_at < %s",
        (number, _PATIENCE),
    )
    return "Evidently's report is being made" if waiting else ""


def _links(settings: Settings, s3: Any, key: str | None, section: str) -> list[tuple[str, str]]:
    links = [("Runbook", f"{settings.alerts.runbook_url}#mail-{section}")]
    if settings.alerts.dashboard_url:
        links.append(("Dashboard", settings.alerts.dashboard_url.rstrip("/")))
    if key:
        address, ends = signed_link(s3, settings.artifact_bucket, key, _LONGEST_LINK)
        name = f"Evidently report of the window (link valid until {ends:%Y-%m-%d %H:%M} UTC)"
        links.append((name, address))
        links.append(("Report kept at", f"s3://{settings.artifact_bucket}/{key}"))
    return links


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _sentence(reason: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}."


def facts_of(
    payload: dict[str, Any],
    incident: dict[str, Any],
    label: str,
    model: str,
    links: list[tuple[str, str]],
) -> Facts:
    """Return what the mail of an outbox entry says: opened, closed, outcome or dead.

    ``label`` is the model with its environment, for the subject.
    """
    number, kind = incident["incident_id"], incident["kind"]
    table = [
        ("Incident", f"{number} ({kind})"),
        ("Model", f"{model} version {incident['version']}"),
        ("Opened", f"{incident['opened_at']:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    sentences = [str(reason) for reason in payload.get("reasons", ())]
    if payload["template"] == "opened":
        title = f"[ALARM] {label}: {kind} in version {incident['version']}"
        sentences = [_sentence(reason) for reason in incident["reasons"]]
        sentences.append("Retraining is requested as soon as enough true grades are known.")
        rows = f"{incident['row_count']} rows, {incident['rejected_count']} rejected"
        table.append(("Window", rows))
    elif payload["template"] == "closed":
        title = f"[RESOLVED] {label}: {kind} incident {number} is over"
        sentences = [_sentence(incident["closing"])]
        lasted = (incident["closed_at"] - incident["opened_at"]).total_seconds()
        table.append(("Ended", f"{incident['closed_at']:%Y-%m-%d %H:%M:%S} UTC"))
        table.append(("Lasted", _minutes(lasted)))
    elif payload["template"] == "outcome":
        title = f"[{str(payload['outcome']).upper()}] {label}: retraining for incident {number}"
        table.append(("New version", str(payload.get("version") or "none")))
    else:
        title = f"[ACTION NEEDED] {label}: retraining for incident {number} could not be started"
    return Facts(title, sentences, table, links)


def compose(
    cursor: Cursor, payload: dict[str, Any], number: int, settings: Settings, s3: Any
) -> Mail:
    """Compose the mail of an outbox entry from what the database knows."""
    template = str(payload["template"])
    incident = _incident(cursor, number)
    section = {"outcome": payload.get("outcome"), "dead": "given-up"}.get(template)
    report = incident.get(_REPORTS.get(template, ""))
    links = _links(settings, s3, report, str(section or incident["kind"]))
    label = f"{settings.alerts.environment} {settings.model_name}".strip()
    return render(template, facts_of(payload, incident, label, settings.model_name, links))


def send(ses: Any, settings: Settings, mail: Mail) -> str:
    """Send a mail and return SES's message id; raises DeliveryError with SES's words."""
    try:
        answer = ses.send_email(
            Source=settings.alerts.sender,
            Destination={"ToAddresses": list(settings.alerts.recipients)},
            Message={
                "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": mail.text, "Charset": "UTF-8"},
                    "Html": {"Data": mail.html, "Charset": "UTF-8"},
                },
            },
        )
    except (ClientError, BotoCoreError) as error:
        raise DeliveryError(f"SES did not take the mail: {error}") from error
    return str(answer["MessageId"])
