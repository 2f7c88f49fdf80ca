"""The command: how the service starts, what it says, how it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import msgspec
import pytest

from inference.web import __main__ as web
from inference.web.web_settings import WebSettings
from tests.inference.support.server import ROOT


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MODEL_LOCATION": "", "MODEL_BUCKET": ""}, "set MODEL_BUCKET"),
        ({"MODEL_LOCATION": "/x", "WEB_THREADS": "many"}, "WEB_THREADS must be a whole number"),
        ({"MODEL_LOCATION": "/x", "WEB_HOST": "0.0.0.0"}, "set WEB_API_KEY, or WEB_OPEN=1"),
    ],
)
def test_what_cannot_be_used_is_one_line(environment, said: str, monkeypatch, capsys) -> None:
    """Given settings that cannot work, the command ends with status 2 and names the variable."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert web.main(["--port", "0"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error and error.count("\n") == 1


def test_help_names_every_variable(capsys) -> None:
    """Given --help, the variables of this service are listed."""
    with pytest.raises(SystemExit):
        web.main(["--help"])
    said = capsys.readouterr().out
    names = [field.encode_name for field in msgspec.structs.fields(WebSettings)]
    assert len(names) >= 9
    assert [name for name in names if name not in said] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_answers_and_stops(models: Path, number: signal.Signals) -> None:
    """Given loopback, it answers, and on Ctrl-C or a stop it ends with status 0."""
    with subprocess.Popen(
        [sys.executable, "-m", "inference.web", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"MODEL_LOCATION": str(models), "WEB_TRUSTED_PROXY": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().split()[2]
        assert address.startswith("http://127.0.0.1:")
        request = urllib.request.Request(
            f"{address}/health",
            headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert response.status == 200
            assert "Server" not in response.headers
            assert response.headers["Strict-Transport-Security"]
        process.send_signal(number)
        assert process.wait(120) == 0
        assert "Traceback" not in process.stderr.read()


def test_proxy_settings_are_passed_on() -> None:
    """Given a trusted proxy, only its forwarding headers are believed; given none, nobody's."""
    proxy = web._proxy  # pylint: disable=protected-access
    assert not proxy(WebSettings())
    passed = proxy(WebSettings(trusted_proxy="10.0.0.9", trusted_hops=2))
    assert (passed["trusted_proxy"], passed["trusted_proxy_count"]) == ("10.0.0.9", 2)
