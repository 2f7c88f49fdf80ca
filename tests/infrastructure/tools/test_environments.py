"""GitHub's environments: each rule, against a server that answers as GitHub documents it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from infrastructure.tools import environments
from tests.infrastructure.support.plans import REPOSITORY

REVIEWED = {"type": "required_reviewers", "reviewers": [{"type": "User", "reviewer": {"id": 1}}]}
WAITING = {"type": "wait_timer", "wait_timer": 30}
MAIN = {"type": "branch", "name": "main"}
TAGS = {"type": "tag", "name": "v*"}


def environment(refs: list[dict[str, str]] | None, *protection: dict[str, Any]) -> dict[str, Any]:
    """What GitHub says of one environment; ``refs`` None: every branch."""
    policy = None if refs is None else {"protected_branches": False, "custom_branch_policies": True}
    rules = [*protection, *([] if refs is None else [{"type": "branch_policy"}])]
    return {"protection_rules": rules, "deployment_branch_policy": policy, "refs": refs}


def protected() -> dict[str, dict[str, Any]]:
    """Environments as they should be."""
    return {
        "stg": environment([MAIN, TAGS]),
        "stg-plan": environment(None, REVIEWED),
        "stg-retrain": environment([MAIN]),
        "stg-promote": environment([MAIN]),
        "prod": environment([TAGS], REVIEWED),
        "prod-plan": environment(None, REVIEWED),
        "prod-retrain": environment([MAIN]),
        "prod-promote": environment([MAIN], REVIEWED),
    }


class GitHub(ThreadingHTTPServer):
    """The API of one repository, for holders of the token only."""

    def __init__(self) -> None:
        self.environments = protected()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    """One call."""

    server: GitHub

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        """Answer for an environment or for its refs."""
        pattern = (
            r"/repos/school/x/environments/([\w-]+)(/deployment-branch-policies\?per_page=100)?"
        )
        path = re.fullmatch(pattern, self.path)
        found = path and self.server.environments.get(path[1])
        if self.headers["Authorization"] != "Bearer secret":
            self.send_error(401)
        elif not path or found is None:
            self.send_error(404)
        else:
            refs = found.get("refs") or []
            self.answer({"total_count": len(refs), "branch_policies": refs} if path[2] else found)

    def answer(self, body: dict[str, Any]) -> None:
        """Send a body."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin
        """Say nothing."""


@pytest.fixture(name="github")
def _github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("GH_TOKEN", "secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with GitHub() as server:
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run() -> int:
    """Run the command for both environments."""
    return environments.main(["school/x", "stg", "prod"])


def test_protected_ones_pass(github: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert github.environments and run() == 0
    assert "8 environments, 0 problems" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "found", "words"),
    [
        ("prod", environment([TAGS]), "prod: nobody must approve"),
        ("prod", environment([TAGS], {**REVIEWED, "reviewers": []}), "prod: nobody must approve"),
        ("prod", environment(None, REVIEWED), "prod: every branch may use it"),
        ("prod", environment([TAGS, MAIN], REVIEWED), "prod: branch main may use it"),
        ("stg", environment([MAIN, {"type": "branch", "name": "*"}]), "stg: branch * may use it"),
        ("stg", environment(None), "accepted: branch main, tag v*"),
        ("stg-plan", environment(None, WAITING), "stg-plan: nobody must approve"),
        ("prod-retrain", environment(None, REVIEWED), "prod-retrain: every branch may use it"),
        ("stg-retrain", environment([MAIN, TAGS]), "stg-retrain: tag v* may use it"),
        (
            "prod-retrain",
            {"deployment_branch_policy": {"protected_branches": True}},
            "branch any that is protected may use it",
        ),
        ("stg", None, "stg: not there"),
    ],
)
def test_what_is_open_is_named(
    name: str,
    found: dict[str, Any] | None,
    words: str,
    github: GitHub,
    capsys: pytest.CaptureFixture[str],
) -> None:
    github.environments[name] = found  # type: ignore[assignment]
    assert run() == 1
    said = capsys.readouterr()
    assert words in said.err and "8 environments, 1 problems" in said.out


def test_no_answer_is_no_pass(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert github.environments
    monkeypatch.setenv("GH_TOKEN", "wrong")
    assert run() == 2
    assert "environments: repos/school/x/environments/stg: 401" in capsys.readouterr().err


def test_every_environment_of_the_workflows_has_a_rule() -> None:
    known = {name for ours in ("stg", "prod") for name in environments.rules(ours)}
    for path in (REPOSITORY / ".github" / "workflows").glob("*.yaml"):
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            named = str(job.get("environment", "stg"))
            for name in re.sub(r"\$\{\{.*?\}\}", "stg", named), re.sub(
                r"\$\{\{.*?\}\}", "prod", named
            ):
                assert name in known, f"{path.name}: {named}"
