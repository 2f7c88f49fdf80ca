"""Who serves an endpoint and the mails it kept, from what each server answers (taken from them)."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from localcloud.errors import LocalCloudError
from localcloud.services.mailbox import Mail, identify, mails

MAIL = Mail("alerts@school.example", ["head@school.example"], "hi", "text", "<p>html</p>")
LOCALSTACK_MAIL = {
    "Destination": {"ToAddresses": MAIL.recipients},
    "Source": MAIL.sender,
    "Subject": "hi",
    "Body": {"text_part": "text", "html_part": "<p>html</p>"},
}
OTHER = {**LOCALSTACK_MAIL, "Destination": {"ToAddresses": ["other@school.example"]}}
MOTO_MAIL = {
    "source": MAIL.sender,
    "destinations": {"ToAddresses": MAIL.recipients},
    "subject": "hi",
    "body": "text",
}
MINISTACK_MAIL = {
    "Source": MAIL.sender,
    "To": MAIL.recipients,
    "Subject": "hi",
    "BodyText": "text",
    "BodyHtml": MAIL.html,
}
SERVERS = {
    "ministack 1.5.33": {
        "/_localstack/health": {"edition": "light", "version": "1.5.33"},
        "/_ministack/ready": {"status": "completed"},
        "/_ministack/ses/messages": {"messages": {"000000000000": [MINISTACK_MAIL]}},
    },
    "LocalStack 4.14.0": {
        "/_localstack/health": {"edition": "unknown", "version": "4.14.0"},
        "/_aws/ses": {"messages": [OTHER, LOCALSTACK_MAIL]},
    },
    "moto": {
        "/moto-api/config": {"batch": {"use_docker": True}},
        "/moto-api/data.json": {"ses": {"Message": [MOTO_MAIL]}},
    },
    "an unknown server": {},
}
Serve = Callable[[dict[str, object]], str]


@pytest.fixture(name="serve")
def serve_fixture() -> Iterator[Serve]:
    """Serve documents by path, and 404 for the rest; return the address."""
    running: list[ThreadingHTTPServer] = []

    def serve(documents: dict[str, object]) -> str:
        class Handler(BaseHTTPRequestHandler):
            """Answers from ``documents``."""

            def do_GET(self) -> None:  # pylint: disable=invalid-name
                """Answer."""
                self.send_response(200 if self.path in documents else 404)
                self.end_headers()
                self.wfile.write(json.dumps(documents.get(self.path)).encode())

            def log_message(self, *_: object) -> None:  # pylint: disable=arguments-differ
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("name", SERVERS)
def test_each_server_is_known_by_what_it_answers(serve: Serve, name: str) -> None:
    assert str(identify(serve(SERVERS[name]) + "/")) == name


@pytest.mark.parametrize(
    ("name", "mail"),
    [
        ("ministack 1.5.33", MAIL),
        ("LocalStack 4.14.0", MAIL),
        # It keeps one body only.
        ("moto", MAIL._replace(html="text")),
    ],
)
def test_a_recipients_mails_are_read_from_each(serve: Serve, name: str, mail: Mail) -> None:
    """GIVEN mails to two people WHEN one's are asked for THEN they alone come, whole."""
    assert mails(serve(SERVERS[name]), "head@school.example") == [mail]
    assert not mails(serve(SERVERS[name]), "nobody@school.example")


def test_localstack_before_the_first_mail_has_none(serve: Serve) -> None:
    documents = {"/_localstack/health": {"version": "4.14.0"}}
    assert not mails(serve(documents), "head@school.example")


def test_an_unknown_server_is_an_error(serve: Serve) -> None:
    with pytest.raises(LocalCloudError, match="mails of an unknown server at http"):
        mails(serve({}), "head@school.example")
