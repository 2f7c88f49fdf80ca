"""Mage, MLflow and the emulator as they are started: no foreign page, no foreign name, no guest."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.service import Service
from localcloud.services.emulator import Emulator
from localcloud.services.mage import MageServer
from localcloud.services.mlflow import MlflowServer
from monitoring.actions.mage_api import Mage
from monitoring.errors import DeliveryError
from tests.localcloud.support.deployment import eventually

EVIL = "https://evil.example"
FOREIGN = (
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Host": "evil.example"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
)
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SECRETS = {
    "REQUIRE_USER_AUTHENTICATION": "1",
    "DEFAULT_OWNER_PASSWORD": "owner-of-this-test-only",
    "JWT_SECRET": "signing-key-of-this-test",
    "RETRAINING_TRIGGER_TOKEN": "trigger-of-this-test-only",
    "HIDE_API_TRIGGER_TOKEN": "1",
}


def ask(
    service: Service, method: str, path: str, headers: dict[str, str], body: object = None
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of one answer; ``headers`` may hold a Host of their own."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        data = b"" if body is None else json.dumps(body).encode()
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        if answer.status == 101:
            return 101, b"", {}
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()


def check_door(service: Service, path: str) -> None:
    """Programs, links and the server's own pages pass; every foreign request gets 403."""
    own = f"http://127.0.0.1:{service.port}"
    for passing in ({}, {"Origin": own}, {"Sec-Fetch-Site": "same-origin"}):
        assert ask(service, "GET", path, passing)[0] == 200, passing
    for headers in FOREIGN:
        for method in ("GET", "POST", "OPTIONS"):
            status, _, answered = ask(service, method, path, headers)
            assert status == 403, (method, headers)
            assert "access-control-allow-origin" not in answered


@pytest.mark.embedded
def test_the_emulator_answers_no_foreign_page(tmp_path: Path) -> None:
    """GIVEN the emulator WHEN another page or name asks, by websocket too THEN 403."""
    with Emulator(tmp_path) as emulator:
        check_door(emulator, "/_ministack/ready")
        bucket = f"made.localhost:{emulator.port}"
        assert ask(emulator, "PUT", "/", {"Host": bucket})[0] == 200
        assert ask(emulator, "GET", "/made", {})[0] == 200
        assert ask(emulator, "PUT", "/", {"Host": "stolen.evil.example"})[0] == 403
        assert ask(emulator, "GET", "/", {**UPGRADE, "Origin": EVIL})[0] == 403


def test_mlflow_answers_no_foreign_page(tmp_path: Path) -> None:
    """GIVEN MLflow WHEN another page or name asks THEN 403, and nothing is made."""
    with MlflowServer(tmp_path) as mlflow:
        check_door(mlflow, "/health")
        create = "/api/2.0/mlflow/experiments/create"
        for headers in FOREIGN:
            plain = {**headers, "Content-Type": "text/plain"}
            assert ask(mlflow, "POST", create, plain, {"name": "evil"})[0] == 403
        json_type = {"Content-Type": "application/json"}
        assert ask(mlflow, "POST", create, json_type, {"name": "evil"})[0] == 200


@pytest.fixture(name="mage", scope="module")
def mage_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Mage as in the cloud: people sign in."""
    mage = MageServer(tmp_path_factory.mktemp("mage"))
    try:
        mage.launch(SECRETS)
        mage.wait_ready()
        token = SECRETS["RETRAINING_TRIGGER_TOKEN"]
        # It answers some seconds before it has made its accounts and triggers.
        eventually(lambda: _succeeds(Mage(mage.url, token)), 60)
        yield mage
    finally:
        mage.stop()


def _succeeds(mage: Mage) -> bool:
    try:
        mage.trigger("retraining", "retraining_api")
    except DeliveryError:
        return False
    return True


def test_mage_answers_no_foreign_page(mage: Service) -> None:
    """GIVEN Mage WHEN another page or name asks, or opens a websocket that runs code THEN 403."""
    check_door(mage, "/api/statuses")
    for path in ("/websocket/", "/websocket/terminal"):
        assert ask(mage, "GET", path, UPGRADE)[0] == 101
        for headers in FOREIGN:
            assert ask(mage, "GET", path, {**UPGRADE, **headers})[0] == 403, (path, headers)
    page = ask(mage, "GET", "/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"})
    assert page[0] == 403, "its page in another's frame"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/pipelines"),
        ("GET", "/api/files"),
        ("GET", "/api/pipelines/retraining/pipeline_schedules"),
        ("POST", "/api/pipelines/retraining/blocks"),
        ("PUT", "/api/file_contents/evil.py"),
        ("GET", "/api/event_matchers"),
        ("POST", "/api/events"),
        ("GET", "/api/pipelines/retraining/blocks/load_students/analyses"),
        ("POST", "/api/runs"),
    ],
)
def test_mage_shows_a_guest_nothing(mage: Service, method: str, path: str) -> None:
    """GIVEN nobody has signed in WHEN Mage is asked for anything THEN 401 or 403."""
    assert ask(mage, method, path, {}, {} if method != "GET" else None)[0] in (401, 403)


def test_only_the_secret_pulls_the_trigger(mage: Service) -> None:
    """GIVEN monitoring's secret WHEN it asks THEN it may look and retrain, and change nothing."""
    token = SECRETS["RETRAINING_TRIGGER_TOKEN"]
    monitoring = Mage(mage.url, token)
    trigger = monitoring.trigger("retraining", "retraining_api")
    assert trigger.token == token
    with pytest.raises(DeliveryError, match="Invalid token"):
        monitoring.start(trigger._replace(token="retraining"), {"trials": "many"})
    with pytest.raises(DeliveryError, match="password invalid"):
        Mage(mage.url, "retraining").trigger("retraining", "retraining_api")
    # A variable that is not accepted: the run ends at once.
    run = monitoring.start(trigger, {"trials": "many", "request_id": "of-this-test"})
    assert monitoring.find_run(trigger, "of-this-test") == run
    eventually(lambda: monitoring.status(run) == "failed", 120)
    headers = {"Content-Type": "application/json", **_session(monitoring)}
    made = ask(mage, "POST", "/api/pipelines/retraining/blocks", headers, {"block": {"name": "x"}})
    assert json.loads(made[1])["error"]["code"] == 403


def _session(monitoring: Mage) -> dict[str, str]:
    return monitoring._signed_in()  # pylint: disable=protected-access


@pytest.mark.parametrize("password", ["admin", "owner-of-this-test-only"])
def test_the_owners_password_is_the_secrets(mage: Service, password: str) -> None:
    """GIVEN the owner's account WHEN one signs in THEN by the secret, not by Mage's default."""
    body: dict[str, Any] = {"session": {"email": "admin@admin.com", "password": password}}
    body["api_key"] = "zkWlN0PkIKSN0C11CfUHUj84OT5XOJ6tDZ6bDRO2"
    answer = ask(mage, "POST", "/api/sessions", {"Content-Type": "application/json"}, body)
    assert ("session" in json.loads(answer[1])) == (password != "admin")
