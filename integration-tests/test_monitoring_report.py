"""The report page: complete, self-contained, and honest about an empty database."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection

from contract.features import FEATURE_NAMES
from monitoring import cli
from monitoring.dashboards.panels import BOARDS
from monitoring.dashboards.report.page import render
from tests.monitoring.support import cohort, store

pytest_plugins = ["tests.monitoring.support.services"]
FIRST_ID = 10**14 + 7_319_000_001
"""Too long a number to stand in a page of figures and times by chance."""


class _Balance(HTMLParser):
    """Counts tags that are opened and not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Remember a tag that must be closed."""
        if tag not in ("meta", "line", "rect", "circle", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close it."""
        if tag not in ("line", "rect", "circle", "polyline"):
            assert self.open.pop() == tag


def test_an_empty_database_makes_a_complete_page(connection: Connection) -> None:
    """GIVEN a schema with nothing in it WHEN the page is made
    THEN every panel is there and says that there is nothing yet; no query fails."""
    page = render(connection)
    for board in BOARDS:
        for row in board.rows:
            for panel in row.panels:
                for name in FEATURE_NAMES if "$feature" in panel.title else ("",):
                    assert f"<h3>{escape(panel.title.replace('$feature', name))}</h3>" in page
    assert "the query failed" not in page
    assert page.count("nothing yet") > 20
    balance = _Balance()
    balance.feed(page)
    assert not balance.open


def test_the_page_needs_nothing_from_outside_and_shows_no_student(
    connection: Connection, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN stored predictions WHEN ``python -m monitoring report`` writes the page
    THEN it loads nothing, runs no script, and holds no student id or foreign markup."""
    records = list(cohort.encoded(cohort.predictions(cohort.students(30, 3), first_id=FIRST_ID)))
    store.ingest(connection, records)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events (dedupe_key, kind, text) VALUES ('x', 'alarm', '<script>1</script>')"
        )
    monkeypatch.setenv("DATABASE_URL", database_url)
    path = tmp_path / "out" / "report.html"
    assert cli.main(["report", "--output", str(path), "--hours", "1"]) == 0
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?://", page)
    assert "&lt;script&gt;" in page
    assert str(FIRST_ID)[:12] not in page


def test_the_command_line_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN no database address, or one where nobody answers WHEN a command runs
    THEN exit code 1 and one line on stderr."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert cli.main(["status"]) == 1
    assert "DATABASE_URL must be set" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert cli.main(["migrate"]) == 1
    assert "127.0.0.1" in capsys.readouterr().err
