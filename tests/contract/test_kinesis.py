"""The quick way says exactly what botocore's own way says, to a server that answers anything."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple

import pytest
from botocore.config import Config
from botocore.session import get_session

from contract.kinesis import quick_reads, quick_writes

Ask = Callable[[Any], Any]


class Server(BaseHTTPRequestHandler):
    """Answers what it is told to, and keeps what it was asked."""

    status, answer = 200, b"{}"
    asked: list[tuple[Any, dict[str, str]]] = []

    def log_message(self, *_: Any) -> None:  # pylint: disable=arguments-differ
        """Say nothing."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Keep the request, give the answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((json.loads(body), dict(self.headers)))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)


class Clients(NamedTuple):
    """One as botocore makes it, one with the hooks."""

    plain: Any
    quick: Any


@pytest.fixture(name="clients", scope="module")
def clients_fixture() -> Iterator[Clients]:
    """Both clients, of one server."""
    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    session = get_session()

    def client() -> Any:
        return session.create_client(
            "kinesis",
            "us-east-1",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )

    yield Clients(client(), quick_reads(quick_writes(client())))
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def fresh_server() -> None:
    """Forget what the last test told the server."""
    Server.asked, Server.status = [], 200


def said(ask: Ask, client: Any) -> Any:
    """Return what the client makes of the answer: its members or its error."""
    try:
        answer = ask(client)
    except Exception as error:  # pylint: disable=broad-exception-caught
        return type(error).__name__
    answer.pop("ResponseMetadata")
    return answer


def put(client: Any) -> Any:
    """Put two records."""
    records = [
        {"Data": b"\x00\xff {}", "PartitionKey": "1001"},
        {"Data": b"", "PartitionKey": 'caf\u00e9 "\\\u2028', "ExplicitHashKey": "7"},
    ]
    return client.put_records(StreamName="predictions", Records=records)


def get(client: Any) -> Any:
    """Read a page."""
    return client.get_records(ShardIterator="here", Limit=10)


STORED = {"SequenceNumber": "1", "ShardId": "s"}
FAILED = {"ErrorCode": "InternalFailure", "ErrorMessage": "no"}
PUTS: list[Any] = [
    {"FailedRecordCount": 0, "Records": [STORED, STORED]},
    {"FailedRecordCount": 0, "Records": [STORED, STORED], "EncryptionType": "KMS"},
    {"FailedRecordCount": 1, "Records": [STORED, FAILED]},
    {"FailedRecordCount": 0, "Records": [STORED, FAILED]},
    {"FailedRecordCount": 0, "Records": [STORED, {"SequenceNumber": None, "ErrorCode": "x"}]},
    {"FailedRecordCount": 0, "Records": [STORED]},
    {"FailedRecordCount": 0, "Records": []},
    {"FailedRecordCount": 0},
    {"Records": [STORED, STORED]},
    {"FailedRecordCount": 0, "Records": [1, None]},
    {"FailedRecordCount": 0, "Records": None},
    [],
    None,
]
RECORD = {
    "SequenceNumber": "49590338271490256608559692538361571095921575989136588898",
    "ApproximateArrivalTimestamp": 1_795_540_342.123,
    "Data": base64.b64encode(b"\x00\xff {}").decode(),
    "PartitionKey": "caf\u00e9",
}
GETS: list[Any] = [
    {"Records": [], "NextShardIterator": "there", "MillisBehindLatest": 0},
    {"Records": [RECORD, {**RECORD, "EncryptionType": "KMS"}], "NextShardIterator": "there"},
    {"Records": [{**RECORD, "ApproximateArrivalTimestamp": 1_795_540_342}]},
    {"Records": [RECORD], "NextShardIterator": None, "MillisBehindLatest": 7},
    {"Records": [RECORD], "ChildShards": [{"ShardId": "s", "ParentShards": ["p"]}]},
    {"Records": [{**RECORD, "Data": "no base64!"}]},
    {"Records": [{**RECORD, "PartitionKey": None}]},
    {"Records": [{"SequenceNumber": "1", "Data": ""}]},
    {"Records": [1]},
    {"Records": None},
    {},
    [],
]


@pytest.mark.parametrize(
    ("ask", "answer"),
    [*((put, answer) for answer in PUTS), *((get, answer) for answer in GETS)],
    ids=[f"{what}{n}" for what, all in (("put", PUTS), ("get", GETS)) for n in range(len(all))],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_any_answer_means_the_same(clients: Clients, ask: Ask, answer: Any, status: int) -> None:
    """Members, failures and errors are those of a client without hooks."""
    Server.status, Server.answer = status, json.dumps(answer).encode()
    assert said(ask, clients.quick) == said(ask, clients.plain)


@pytest.mark.parametrize("answer", [b"", b"no json", b'{"Records": [', b"\xff"])
@pytest.mark.parametrize("ask", [put, get])
def test_what_is_no_json_means_the_same(clients: Clients, ask: Ask, answer: bytes) -> None:
    """An empty or broken body is botocore's to judge."""
    Server.answer = answer
    assert said(ask, clients.quick) == said(ask, clients.plain)


def test_a_request_is_the_same(clients: Clients) -> None:
    """Stream, keys, data in base64 and the headers that tell the service what it is asked."""
    Server.answer = json.dumps(PUTS[0]).encode()
    for client in (clients.plain, clients.quick, clients.quick):
        put(client)
    assert len(Server.asked) == 3
    plain, plain_headers = Server.asked[0]
    for body, headers in Server.asked[1:]:
        assert body == plain
        for name in ("X-Amz-Target", "Content-Type"):
            assert headers[name] == plain_headers[name]


@pytest.mark.parametrize(("ask", "answer"), [(put, PUTS[0]), (get, GETS[1])])
def test_the_usual_answer_is_not_read_twice(clients: Clients, ask: Ask, answer: Any) -> None:
    """Botocore still has the event the hooks hang on, and its parser gets nothing to walk through."""
    Server.answer = json.dumps(answer).encode()
    bodies: list[bytes] = []

    def keep(response_dict: dict[str, Any], **_: Any) -> None:
        bodies.append(response_dict["body"])

    clients.quick.meta.events.register_last("before-parse.kinesis", keep)
    ask(clients.quick)
    clients.quick.meta.events.unregister("before-parse.kinesis", keep)
    assert bodies == [b"{}"]
