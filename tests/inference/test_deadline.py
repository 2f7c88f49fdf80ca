"""A call's total deadline, against servers that give a little now and then, over HTTP and TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inference import aws, deadline
from inference.deadline import MOST_CONNECTING, OutOfTime, within

Serve = Callable[[Callable[[socket.socket], None]], Any]
SECONDS = 0.4
"""The deadline of a call that is not meant to be in time."""
MOST_PARTS = 200
"""Parts a server gives or takes, 50 ms apart, before it gives up."""
OVER, GAVE_UP = threading.Event(), threading.Event()
ANSWER = b'{"FailedRecordCount":0,"Records":[{"SequenceNumber":"1","ShardId":"s"}]}'


def request(connection: socket.socket) -> bytes:
    """Return one request, or nothing when the other side is gone."""
    got = b""
    while b"\r\n\r\n" not in got and (part := connection.recv(65_536)):
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line for line in head.splitlines() if line.lower().startswith(b"content-length")]
    while lengths and len(body) < int(lengths[0].split(b":")[1]):
        body += connection.recv(65_536)
    return body


def answer(connection: socket.socket) -> None:
    """Answer every request at once."""
    while request(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER)


def drip(text: bytes) -> Callable[[socket.socket], None]:
    """Read a request, then answer ``text`` and one space every 50 ms."""

    def serve(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(text)
        for _ in range(MOST_PARTS):
            if OVER.wait(0.05):
                return
            connection.sendall(b" ")
        GAVE_UP.set()

    return serve


def sip(connection: socket.socket) -> None:
    """Read the request in small sips."""
    for _ in range(MOST_PARTS):
        if OVER.wait(0.05):
            return
        connection.recv(1_000)
    GAVE_UP.set()


@pytest.fixture(name="certificate", scope="module")
def certificate_fixture(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The files of a certificate for this machine's loopback address, and of its key."""
    folder = tmp_path_factory.mktemp("tls")
    names = str(folder / "certificate.pem"), str(folder / "key.pem")
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    Path(names[0]).write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    Path(names[1]).write_bytes(private)
    return names


@pytest.fixture(name="serve", params=["http", "https"])
def serve_fixture(
    request: pytest.FixtureRequest,  # pylint: disable=redefined-outer-name
    monkeypatch: pytest.MonkeyPatch,
    certificate: tuple[str, str],
) -> Iterator[Serve]:
    """Return what starts a server and gives a client for it, whose own time limits are long."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CA_BUNDLE", certificate[0])
    aws._session.cache_clear()  # pylint: disable=protected-access
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    OVER.clear()
    GAVE_UP.clear()
    listener = socket.create_server(("127.0.0.1", 0))

    def start(play: Callable[[socket.socket], None]) -> Any:
        def one(connection: socket.socket) -> None:
            try:
                if request.param == "https":
                    connection = context.wrap_socket(connection, server_side=True)
                with connection:
                    play(connection)
            except OSError:
                pass  # the client went away

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        host = f"{request.param}://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", host)
        return aws.client("kinesis")

    yield start
    OVER.set()
    listener.close()
    aws._session.cache_clear()  # pylint: disable=protected-access


def put(client: Any, size: int = 10) -> Any:
    """Put one record."""
    records = [{"Data": b"x" * size, "PartitionKey": "k"}]
    return client.put_records(StreamName="s", Records=records)


def test_in_time_nothing_is_different(serve: Serve) -> None:
    """Call after call on one connection and in the calling thread, with and without a deadline."""
    client = serve(answer)
    put(client)
    before = threading.active_count()
    for _ in range(20):
        with within(60):
            assert put(client)["Records"][0]["SequenceNumber"] == "1"
    assert put(client, 1_000_000)["FailedRecordCount"] == 0
    assert threading.active_count() == before
    with pytest.raises(ZeroDivisionError), within(60):
        _ = 1 // 0


@pytest.mark.parametrize(
    ("play", "size"),
    [
        (drip(b""), 10),
        (drip(b"HTTP/1.1 200 OK\r\nX: "), 10),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"), 10),
        (sip, 5_000_000),
    ],
    ids=["nothing", "header", "body", "reads slowly"],
)
def test_a_server_that_goes_on_and_on_ends_with_the_deadline(
    serve: Serve, play: Callable[[socket.socket], None], size: int
) -> None:
    """The client's own limits start anew with every byte; the deadline does not."""
    client = serve(play)
    for _ in range(2):
        with pytest.raises(OutOfTime), within(SECONDS):
            put(client, size)
    assert not GAVE_UP.is_set()


def test_a_late_call_leaves_the_next_ones_alone(serve: Serve) -> None:
    """After the deadline a fresh connection answers, and without a deadline there is none."""
    plays = iter([drip(b"HTTP/1.1 200 OK\r\n"), answer, answer])

    def play(connection: socket.socket) -> None:
        next(plays)(connection)

    client = serve(play)
    with pytest.raises(OutOfTime), within(SECONDS):
        put(client)
    with within(60):
        assert put(client)["FailedRecordCount"] == 0
    assert put(client)["FailedRecordCount"] == 0


def test_a_resolver_that_hangs_is_left_behind_up_to_a_bound(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many threads hang and no more; then connections are made again."""
    client, release, hanging = serve(answer), threading.Event(), []
    resolve = socket.getaddrinfo

    def hang(*arguments: Any, **options: Any) -> Any:
        hanging.append(threading.current_thread())
        release.wait(60)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    for _ in range(MOST_CONNECTING + 3):
        with pytest.raises(OutOfTime), within(0.05):
            put(client)
    assert len(hanging) == MOST_CONNECTING and all(thread.daemon for thread in hanging)
    release.set()
    for thread in hanging:
        thread.join(60)
    with within(60):
        assert put(client)["FailedRecordCount"] == 0


def test_an_error_in_time_is_itself(serve: Serve) -> None:
    """Only what ends late is out of time."""
    client = serve(lambda connection: None)
    with pytest.raises((BotoCoreError, ClientError)), within(60):
        put(client)


def test_every_client_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one through a proxy: botocore hands the same classes to both."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # pylint: disable=protected-access
    session = aws.client("kinesis")._endpoint.http_session
    for manager in (session._manager, session._get_proxy_manager("http://127.0.0.1:1")):
        for scheme in ("http", "https"):
            pool = manager.connection_from_host("127.0.0.1", 1, scheme)
            assert issubclass(pool.ConnectionCls, deadline._Bounded)
