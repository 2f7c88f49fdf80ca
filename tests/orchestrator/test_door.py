"""Mage's door: what is refused before any handler is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contract.callers import allowed_names
from orchestrator import run
from orchestrator.door import WITHOUT_SIGN_IN, close_door


def found(path: str, signed_in: bool, **headers: str) -> object:
    """What an application with a closed door finds for a request: a status, or its handler."""

    class Application:
        """As much of tornado's as the door touches."""

        def find_handler(self, request: Any) -> str:
            """Find what stands behind the door."""
            return f"handler of {request.path}"

        def get_handler_delegate(self, _: Any, __: Any, values: dict[str, int]) -> int:
            """Make the handler of an error."""
            return values["status_code"]

    close_door(allowed_names({}), signed_in, Application)
    given = {"host": "127.0.0.1:6789"} | headers
    request = SimpleNamespace(method="GET", path=path, headers=given)
    return Application().find_handler(request)


def test_a_foreign_page_finds_no_handler() -> None:
    """A request of ours finds its handler, one of another page 403."""
    assert found("/api/pipelines", False) == "handler of /api/pipelines"
    assert found("/api/pipelines", False, origin="http://evil.example") == 403


@pytest.mark.parametrize("path", ["/api/events", "/api/event_matchers/1", "/api/runs/token"])
def test_what_skips_the_sign_in_is_closed_with_it(path: str) -> None:
    """Where people sign in, the addresses that would not ask are closed; elsewhere they are not."""
    assert found(path, True) == 403
    assert found(path, False) == f"handler of {path}"
    assert found("/api/pipelines", True) == "handler of /api/pipelines"


ROUTES = """
import sys
from mage_ai.settings.repo import set_repo_path
set_repo_path(sys.argv[1])
from mage_ai.api.middleware import OAuthMiddleware
from mage_ai.server.server import make_app
for rule in make_app().wildcard_router.rules:
    if not issubclass(rule.target, OAuthMiddleware):
        print("ROUTE", rule.target.__name__, rule.matcher.regex.pattern)
"""
ASK_THEMSELVES = {
    "ApiTriggerPipelineHandler": "the trigger's token",
    "ApiDownloadHandler": "key and session",
    "ApiResourceDownloadHandler": "a signed token",
    "WebSocketServer": "key and session in each message",
    "TerminalWebsocketServer": "key and session in each message",
    "MainPageHandler": "the page, which holds no data",
    "PipelineRunsPageHandler": "the page, which holds no data",
    "StaticFileHandler": "the page's files",
}


def test_every_address_asks_who_one_is_or_is_closed(tmp_path: Path) -> None:
    """Of Mage's own routes, each has its sign-in, asks by itself, or is closed by the door."""
    done = subprocess.run(
        [sys.executable, "-c", ROUTES, str(run.PROJECT)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MAGE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    routes = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("ROUTE ")]
    assert len(routes) > 20, done.stderr[-2000:]
    for name, pattern in routes:
        path = pattern.replace(r"(?P<token>\w+)", "t").replace("(?P<event_matcher_id>\\w+)", "1")
        path = path.rstrip("$").replace("\\", "")
        assert name in ASK_THEMSELVES or WITHOUT_SIGN_IN.fullmatch(path), (name, pattern)
