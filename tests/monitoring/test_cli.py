"""The command line says what is wrong in one line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitoring import cli
from monitoring.storage import database, status
from tests.monitoring.support.cursor import FakeConnection


@pytest.fixture(name="connected")
def connected_fixture(monkeypatch: pytest.MonkeyPatch) -> FakeConnection:
    """A connection to nowhere, with the schema in place."""
    connection = FakeConnection()
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@127.0.0.1/y")
    monkeypatch.setattr(database, "connect", lambda _: connection)
    monkeypatch.setattr(cli, "migrate", lambda _: [])
    return connection


def test_silent_loops_are_named(
    connected: FakeConnection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN two silent loops, then none WHEN asked for health THEN 1 and their names, then 0."""
    monkeypatch.setattr(status, "silent_loops", lambda _: ["labels", "watch"])
    assert cli.main(["health"]) == 1
    said = capsys.readouterr().err
    assert said == "monitoring: not heard of for two minutes: labels, watch\n"
    monkeypatch.setattr(status, "silent_loops", lambda _: [])
    assert cli.main(["health"]) == 0
    assert capsys.readouterr().out == "healthy\n"
    assert connected.closed


def test_status_is_json(
    connected: FakeConnection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN a status WHEN asked for THEN JSON on stdout, and the connection is closed."""
    known: dict[str, Any] = {"open_incidents": 0, "loops": []}
    monkeypatch.setattr(status, "read", lambda _: known)
    assert cli.main(["status"]) == 0
    assert json.loads(capsys.readouterr().out) == known
    assert connected.closed


def test_a_command_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """GIVEN no command WHEN run THEN the usage, and exit code 2."""
    with pytest.raises(SystemExit, match="2"):
        cli.main([])
    assert "worker" in capsys.readouterr().err
