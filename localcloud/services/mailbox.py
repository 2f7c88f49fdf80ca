"""Who serves an AWS endpoint, and the mails its SES would have sent: servers of the kind used here
keep them instead.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

from contract.environment import spare_loopback
from localcloud.errors import LocalCloudError

_SECONDS = 60
MINISTACK, LOCALSTACK, MOTO = "ministack", "LocalStack", "moto"


class Mail(NamedTuple):
    """One mail as its reader sees it."""

    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str


class Server(NamedTuple):
    """A server's name and version, the latter empty where it does not tell."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def _get(endpoint: str, path: str) -> Any:
    """Return a JSON document, or None where there is none: each answers 404 to the others' paths."""
    spare_loopback()
    try:
        with urllib.request.urlopen(f"{endpoint}{path}", timeout=_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise
        return None


def identify(endpoint: str) -> Server:
    """Return who serves an endpoint."""
    endpoint = endpoint.rstrip("/")
    # ministack answers LocalStack's path as well.
    if (health := _get(endpoint, "/_localstack/health")) is not None:
        ministack = _get(endpoint, "/_ministack/ready") is not None
        return Server(MINISTACK if ministack else LOCALSTACK, str(health.get("version", "")))
    if _get(endpoint, "/moto-api/config") is not None:
        return Server(MOTO)
    return Server("an unknown server")


def mails(endpoint: str, recipient: str) -> list[Mail]:
    """Return every mail sent to ``recipient`` so far, oldest first."""
    return [mail for mail in _mails(endpoint.rstrip("/")) if recipient in mail.recipients]


def _mails(endpoint: str) -> Iterator[Mail]:
    server = identify(endpoint)
    if server.name == MINISTACK:
        return _ministack(_get(endpoint, "/_ministack/ses/messages"))
    if server.name == LOCALSTACK:
        # Not there before the first call of SES.
        return _localstack(_get(endpoint, "/_aws/ses") or {"messages": []})
    if server.name == MOTO:
        # An error of its own once a bucket that held something is deleted.
        return _moto(_get(endpoint, "/moto-api/data.json"))
    raise LocalCloudError(f"no way is known to read the mails of {server} at {endpoint}")


def _ministack(document: dict[str, Any]) -> Iterator[Mail]:
    for account in document["messages"].values():
        for mail in account:
            yield Mail(
                mail["Source"], mail["To"], mail["Subject"], mail["BodyText"], mail["BodyHtml"]
            )


def _localstack(document: dict[str, Any]) -> Iterator[Mail]:
    for mail in document["messages"]:
        recipients = mail["Destination"]["ToAddresses"]
        body = mail["Body"]
        text, html = body["text_part"] or "", body["html_part"] or ""
        yield Mail(mail["Source"], recipients, mail["Subject"], text, html)


def _moto(document: dict[str, Any]) -> Iterator[Mail]:
    for mail in document["ses"].get("Message", []):
        # It keeps one of the two bodies.
        recipients = mail["destinations"]["ToAddresses"]
        yield Mail(mail["source"], recipients, mail["subject"], mail["body"], mail["body"])
