"""The mails SES would have sent: the emulator keeps them instead."""

import json
import urllib.request
from typing import NamedTuple


class Mail(NamedTuple):
    """One mail as its reader sees it."""

    recipients: list[str]
    subject: str
    text: str


def mails(endpoint: str) -> list[Mail]:
    """Every mail sent so far, oldest first."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/ses/messages", timeout=60) as answer:
        accounts = json.load(answer)["messages"]
    return [
        Mail(mail["To"], mail["Subject"], mail["BodyText"])
        for account in accounts.values()
        for mail in account
    ]
